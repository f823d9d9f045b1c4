// The end of what is loaded of a long file: the next page comes when it is close to the screen.
import { useEffect, useRef } from "react";
import { Loading } from "../ui/Loading";
import { useNear } from "./useNear";

export function MoreLines({ busy, onMore }: { busy: boolean; onMore: () => void }) {
  const place = useRef<HTMLDivElement>(null);
  const near = useNear(place);
  useEffect(() => {
    if (near && !busy) onMore();
  }, [near, busy, onMore]);
  return (
    <div ref={place}>
      <Loading what="Reading on" />
    </div>
  );
}
