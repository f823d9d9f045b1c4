// An image before and after the change: side by side, with a slider between them, or one over the other.
import { useId, useState, type ReactNode } from "react";
import type { ReviewedFile } from "../../shared/api/generated";
import { visible } from "../../shared/text/visible";
import styles from "./ImageCompare.module.css";

const SHOWN = /\.(?:png|jpe?g|gif|webp)$/i;
const MODES = { side: "Side by side", swipe: "Swipe", onion: "Onion skin" } as const;
type Mode = keyof typeof MODES;

/** Whether the service may have an image of a file; it looks at the bytes. */
export function isImageFile(file: ReviewedFile): boolean {
  return file.binary && !file.lfs && SHOWN.test(file.path);
}

interface ImageCompareProps {
  changeId: string;
  file: ReviewedFile;
}

export function ImageCompare({ changeId, file }: ImageCompareProps) {
  const [mode, setMode] = useState<Mode>("side");
  const name = useId();
  const address = (side: "old" | "new") => `/api/changes/${changeId}/files/${file.number}/image/${side}`;
  const old = file.old_size === null ? null : address("old");
  const fresh = file.new_size === null ? null : address("new");
  if (!old || !fresh) {
    const only = old ?? fresh;
    return only && <div className={styles.compare}>{<Picture address={only} title={old ? "Before" : "After"} path={file.path} />}</div>;
  }
  return (
    <div className={styles.compare}>
      <div className={styles.modes} role="radiogroup" aria-label="How to compare the images">
        {(Object.keys(MODES) as Mode[]).map((one) => (
          <label key={one}>
            <input type="radio" name={name} checked={mode === one} onChange={() => setMode(one)} /> {MODES[one]}
          </label>
        ))}
      </div>
      {mode === "side" ? (
        <div className={styles.pair}>
          <Picture address={old} title="Before" path={file.path} />
          <Picture address={fresh} title="After" path={file.path} />
        </div>
      ) : (
        <Layers key={mode} mode={mode} old={old} fresh={fresh} path={file.path} />
      )}
    </div>
  );
}

function Picture({ address, title, path }: { address: string; title: string; path: string }) {
  const [size, setSize] = useState("");
  const [failed, fail] = useState(false);
  const name = `${title}: ${visible(path)}`;
  let image: ReactNode = <p className={styles.none}>Not an image that a browser shows.</p>;
  if (!failed) {
    const loaded = ({ currentTarget: one }: React.SyntheticEvent<HTMLImageElement>) => setSize(`${one.naturalWidth} × ${one.naturalHeight}`);
    image = <img src={address} alt={name} onLoad={loaded} onError={() => fail(true)} />;
  }
  return (
    <figure className={styles.picture} data-title={title}>
      {image}
      <figcaption>
        {title} {size && <span>{size}</span>}
      </figcaption>
    </figure>
  );
}

const START_PERCENT = 50;

/** The new image over the old one: cut off at the slider, or as opaque as it says. */
function Layers({ mode, old, fresh, path }: { mode: Exclude<Mode, "side">; old: string; fresh: string; path: string }) {
  const [percent, setPercent] = useState(START_PERCENT);
  const upper = mode === "swipe" ? { clipPath: `inset(0 0 0 ${percent}%)` } : { opacity: percent / 100 };
  return (
    <>
      <div className={styles.layers}>
        <img src={old} alt={`Before: ${visible(path)}`} />
        <img src={fresh} alt={`After: ${visible(path)}`} style={upper} />
      </div>
      <label className={styles.slider}>
        Before
        <input
          type="range"
          min={0}
          max={100}
          value={percent}
          aria-label={mode === "swipe" ? "Where the image after begins" : "How opaque the image after is"}
          onChange={(event) => setPercent(Number(event.target.value))}
        />
        After
      </label>
    </>
  );
}
