import { Button, Group, Select, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { type useFilters, useTyped } from "../useFilters";

type Filters = ReturnType<typeof useFilters>;

const FIELDS = ["from", "to", "actor", "action", "resource", "result"] as const;
const RESULTS = ["ok", "denied", "failed"] as const;

/** A day as the API takes it: its first moment in UTC, or the first of the day after. */
function moment(day: string | null, plus: number): string | null {
  const at = day ? Date.parse(`${day}T00:00:00Z`) : Number.NaN;
  return Number.isNaN(at) ? null : new Date(at + plus * 86_400_000).toISOString();
}

/** The filters, as the API takes them. */
export function filterOf({ get }: Pick<Filters, "get">) {
  return {
    from: moment(get("from"), 0),
    to: moment(get("to"), 1),
    actor: get("actor"),
    action: get("action"),
    resource: get("resource"),
    result: get("result"),
  };
}

/** What of an audit trail is shown; all of it is in the address. */
export function AuditFilters({ filters }: { filters: Filters }) {
  const { t } = useTranslation("audit");
  const actor = useTyped(filters.get("actor"), (value) => filters.set({ actor: value }));
  const action = useTyped(filters.get("action"), (value) => filters.set({ action: value }));
  const resource = useTyped(filters.get("resource"), (value) => filters.set({ resource: value }));
  const any = FIELDS.some((field) => filters.get(field));
  const result = filters.get("result");
  return (
    <Group gap="sm" align="flex-end" mb="md">
      {(["from", "to"] as const).map((field) => (
        <TextInput
          key={field}
          type="date"
          label={t(`filter.${field}`)}
          value={filters.get(field) ?? ""}
          onChange={(event) => filters.set({ [field]: event.currentTarget.value || null })}
          w={150}
        />
      ))}
      <TextInput {...actor} label={t("actor")} placeholder="usr_…" w={150} />
      <TextInput {...action} label={t("action")} placeholder="member.removed" w={150} />
      <TextInput {...resource} label={t("resource")} placeholder="ins_…" w={150} />
      <Select
        label={t("result")}
        placeholder={t("filter.any")}
        data={[...new Set([...RESULTS, ...(result ? [result] : [])])].map((it) => ({ value: it, label: it }))}
        value={result}
        onChange={(value) => filters.set({ result: value })}
        clearable
        clearButtonProps={{ "aria-label": t("filter.clearResult") }}
        w={130}
      />
      {any ? (
        <Button
          variant="subtle"
          onClick={() => filters.set(Object.fromEntries(FIELDS.map((field) => [field, null])))}
        >
          {t("filter.clear")}
        </Button>
      ) : null}
    </Group>
  );
}
