// The end of the loaded part of a long list: loads the next page when it comes close to the visible part.
import { useEffect, useRef } from "react";
import { Loading } from "./Loading";
import { useNearViewport } from "../hooks/useNearViewport";

export function LoadMore({ busy, onMore }: { busy: boolean; onMore: () => void }) {
  const place = useRef<HTMLDivElement>(null);
  const near = useNearViewport(place);
  useEffect(() => {
    if (near && !busy) onMore();
  }, [near, busy, onMore]);
  return (
    <div ref={place}>
      <Loading what="Loading more" />
    </div>
  );
}
