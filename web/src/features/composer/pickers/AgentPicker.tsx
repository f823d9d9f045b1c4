// Picks agent, model, mode and thinking option of the next task. Unavailable agents show the reason and the cure.
import { Popover } from "@base-ui/react/popover";
import { ChevronDown } from "lucide-react";
import { useMemo, useState } from "react";
import { call } from "../../../shared/api/client";
import { useAction, useAgents } from "../../../shared/api/queries";
import type { AgentInfo, ModelDetails } from "../../../shared/api/generated";
import { visible } from "../../../shared/text/visible";
import { Button } from "../../../shared/ui/Button";
import { Failure } from "../../../shared/ui/Failure";
import { showError } from "../../../shared/ui/Toasts";
import type { AgentChoice } from "./agentChoice";
import styles from "./AgentPicker.module.css";

interface AgentPickerProps {
  choice: AgentChoice;
  onChoose: (choice: AgentChoice) => void;
}

export function AgentPicker({ choice, onChoose }: AgentPickerProps) {
  const { data: agents = [], error, refetch } = useAgents();
  const agent = agents.find((one) => one.name === choice.agent);
  const words = [agent?.title || choice.agent || "Choose an agent", choice.model, choice.mode, choice.thinking].filter(Boolean);
  return (
    <Popover.Root>
      <Popover.Trigger className={styles.trigger} aria-label={`Agent and model: ${words.join(", ")}`}>
        <span>{words.join(" · ")}</span>
        <ChevronDown aria-hidden />
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Positioner sideOffset={6} side="top" align="start" className={styles.positioner}>
          <Popover.Popup className={styles.popup} aria-label="Agent and model">
            {error && agents.length === 0 ? <Failure error={error} onRetry={refetch} /> : <Agents agents={agents} choice={choice} onChoose={onChoose} />}
            {agent && <Options agent={agent} choice={choice} onChoose={onChoose} />}
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  );
}

function Agents({ agents, choice, onChoose }: AgentPickerProps & { agents: AgentInfo[] }) {
  const ready = agents.filter((one) => one.state === "ready");
  const others = agents.filter((one) => one.state !== "ready");
  const [all, setAll] = useState(false);
  return (
    <fieldset className={styles.agents}>
      <legend>Agent</legend>
      {ready.map((one) => (
        <label key={one.name} className={styles.agent}>
          <input
            type="radio"
            name="agent"
            checked={one.name === choice.agent}
            onChange={() => onChoose({ agent: one.name, model: null, mode: null, thinking: null })}
          />
          <span>{one.title || one.name}</span>
          <small>{one.version}</small>
        </label>
      ))}
      {ready.length === 0 && <p className={styles.none}>No agent is ready.</p>}
      {others.length > 0 && (
        <button type="button" className={styles.more} aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? "Show fewer" : `${others.length} not available`}
        </button>
      )}
      {all &&
        others.map((one) => (
          <p key={one.name} className={styles.missing}>
            <strong>{one.title || one.name}</strong> {one.reason} <span>{one.cure}</span>
          </p>
        ))}
    </fieldset>
  );
}

function Options({ agent, choice, onChoose }: AgentPickerProps & { agent: AgentInfo }) {
  return (
    <div className={styles.options}>
      {agent.models.length > 0 && (
        <ModelList models={agent.models} details={agent.model_details} chosen={choice.model} byDefault={agent.default_model} onChoose={(model) => onChoose({ ...choice, model })} />
      )}
      <Select label="Mode" values={agent.modes} byDefault={agent.default_mode} value={choice.mode} onChange={(mode) => onChoose({ ...choice, mode })} />
      <Select label="Thinking" values={agent.thinking} byDefault={null} value={choice.thinking} onChange={(thinking) => onChoose({ ...choice, thinking })} />
    </div>
  );
}

interface ModelListProps {
  models: readonly string[];
  details: readonly ModelDetails[];
  chosen: string | null;
  byDefault: string | null;
  onChoose: (model: string | null) => void;
}

const SEARCH_FROM = 8;

function ModelList({ models, details, chosen, byDefault, onChoose }: ModelListProps) {
  const [search, setSearch] = useState("");
  const found = useMemo(() => models.filter((one) => one.toLowerCase().includes(search.toLowerCase())), [models, search]);
  const loaded = details.filter((one) => one.loaded && one.unloads);
  return (
    <fieldset>
      <legend>Model</legend>
      {models.length >= SEARCH_FROM && (
        <input className={styles.search} type="search" placeholder="Search models" aria-label="Search models" value={search} onChange={(event) => setSearch(event.target.value)} />
      )}
      <div className={styles.scroll}>
        {[null, ...found].map((model) => (
          <label key={model ?? ""} className={styles.agent}>
            <input type="radio" name="model" checked={model === chosen} onChange={() => onChoose(model)} />
            <ModelName model={model} byDefault={byDefault} details={details.find((one) => one.id === (model ?? byDefault))} />
          </label>
        ))}
      </div>
      {loaded.map((one) => (
        <LoadedModel key={one.id} model={one} />
      ))}
    </fieldset>
  );
}

function LoadedModel({ model }: { model: ModelDetails }) {
  const unload = useAction(() => call("POST /api/model-servers/unload", { body: { model: model.id } }), ["agents"]);
  const idle = model.idle_unload_s ? ` for ${model.idle_unload_s} s without a request` : "";
  return (
    <p className={styles.loaded}>
      <span>
        {visible(model.label)} is loaded{idle}
      </span>
      <Button disabled={unload.isPending} onClick={() => unload.mutate(undefined, { onError: showError })}>
        {unload.isPending ? "Unloading…" : "Unload"}
      </Button>
    </p>
  );
}

function ModelName({ model, byDefault, details }: { model: string | null; byDefault: string | null; details?: ModelDetails }) {
  const name = details?.label ?? model ?? byDefault;
  return (
    <>
      <span title={details?.id}>{model === null ? `Default${name ? ` (${name})` : ""}` : name}</span>
      {details && <small title={[details.warning, details.cure].filter(Boolean).join(" ") || undefined}>{sizeOf(details)}</small>}
    </>
  );
}

function sizeOf(details: ModelDetails): string {
  const size = details.context_tokens ? `${Math.round(details.context_tokens / 1024)} k tokens` : "";
  return details.warning ? `${size} (!)`.trim() : size;
}

interface SelectProps {
  label: string;
  values: readonly string[];
  byDefault: string | null;
  value: string | null;
  onChange: (value: string | null) => void;
}

function Select({ label, values, byDefault, value, onChange }: SelectProps) {
  if (values.length === 0) return null;
  return (
    <label className={styles.select}>
      {label}
      <select value={value ?? ""} onChange={(event) => onChange(event.target.value || null)}>
        <option value="">Default{byDefault ? ` (${byDefault})` : ""}</option>
        {values.map((one) => (
          <option key={one}>{one}</option>
        ))}
      </select>
    </label>
  );
}
