// A QR code with which a phone in the local network opens the page, signed in.
import { useMutation, useQuery } from "@tanstack/react-query";
import { Fragment } from "react";
import { call } from "../../shared/api/client";
import { Button } from "../../shared/ui/Button";
import styles from "./PairPhone.module.css";
import page from "./SettingsPage.module.css";

const BORDER = 4; // light modules around a QR code, as its standard wants them

export function PairPhone() {
  const { data: phone, error } = useQuery({ queryKey: ["phone"], queryFn: ({ signal }) => call("GET /api/phone", {}, { signal }) });
  const pair = useMutation({ mutationFn: () => call("POST /api/phone/pairings", { body: {} }) });
  const failed = error ?? pair.error;
  const pairing = pair.data;
  if (phone?.url === null) {
    return (
      <p className={page.note}>
        No phone reaches this service: it listens on this machine only. Start it with <code>boocoder serve --phone</code>.
      </p>
    );
  }
  return (
    <>
      {failed && <p className={page.warning}>{failed.message}</p>}
      <div className={page.row}>
        <span>
          Devices in this network reach the page<span className={page.aside}>{phone && ` at ${phone.url}`}</span>
        </span>
        <Button small disabled={pair.isPending || !phone} onClick={() => pair.mutate()}>
          {pairing ? "Another code" : "Pair a phone"}
        </Button>
      </div>
      {pairing && (
        <figure className={styles.pairing} aria-label="Pairing code">
          <QrCode rows={pairing.qr} />
          <figcaption>
            <p>Scan it with the phone's camera. It signs in one phone, within {Math.round(pairing.valid_s / 60)} minutes; signed-in browsers below list it.</p>
            <p>
              The phone warns of an unknown certificate. Go on only if it shows this SHA-256 fingerprint: <Fingerprint pairs={pairing.fingerprint.split(":")} />
            </p>
          </figcaption>
        </figure>
      )}
    </>
  );
}

/** Lines break between pairs of digits. */
function Fingerprint({ pairs }: { pairs: readonly string[] }) {
  return (
    <code>
      {pairs.map((pair, index) => (
        <Fragment key={index}>
          {index > 0 && ":"}
          <wbr />
          {pair}
        </Fragment>
      ))}
    </code>
  );
}

function QrCode({ rows }: { rows: readonly string[] }) {
  const size = rows.length + 2 * BORDER;
  const dark = rows.flatMap((row, y) => [...row.matchAll(/1+/g)].map((run) => `M${run.index + BORDER} ${y + BORDER}h${run[0].length}v1h-${run[0].length}z`));
  return (
    <svg className={styles.code} viewBox={`0 0 ${size} ${size}`} role="img" aria-label="QR code of the link" shapeRendering="crispEdges">
      <rect width={size} height={size} fill="#fff" />
      <path d={dark.join("")} fill="#000" />
    </svg>
  );
}
