import { Button, Chip, Fieldset, Group, Input, SegmentedControl, Select, Stack, Text } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useId } from "react";
import { useTranslation } from "react-i18next";
import type { UsageGroup } from "../../api/customer/graphql";
import { useTenant } from "../../app/tenant";
import { CustomSpan } from "./CustomSpan";
import { bounds, PRESETS, type Preset, type SpanProblem } from "./span";
import type { Filter } from "./useFilter";

const ALL = "all";
const GROUPS: readonly UsageGroup[] = ["HOUR", "DAY", "WORKFLOW", "INSTANCE"];

interface Props {
  filter: Filter;
  problem: SpanProblem | null;
  instances: { id: string; label: string }[];
  change: (to: Partial<Filter>) => void;
}

/** Which executions are shown, and summed up by what. */
export function Controls({ filter, problem, instances, change }: Props) {
  const { t } = useTranslation("usage");
  const groupLabel = useId();
  const choose = (preset: Preset) => change({ preset, group: preset === "today" ? "HOUR" : filter.group });
  const choices = [
    { value: ALL, label: t("filter.allInstances") },
    ...instances.map((i) => ({ value: i.id, label: i.label })),
  ];
  // A link may name an instance that is gone: its executions are still there.
  if (filter.instance && !instances.some((i) => i.id === filter.instance)) {
    choices.push({ value: filter.instance, label: t("goneInstance", { id: filter.instance.slice(-6) }) });
  }
  return (
    <Stack gap="sm">
      <Fieldset
        variant="unstyled"
        p={0}
        m={0}
        legend={
          <Text span size="sm" fw={500}>
            {t("filter.range")}
          </Text>
        }
      >
        <Chip.Group value={filter.preset} onChange={(value) => choose(value as Preset)}>
          <Group gap={6} mt={4}>
            {PRESETS.map((preset) => (
              <Chip key={preset} value={preset} variant="outline" size="sm">
                {t(`range.${preset}`)}
              </Chip>
            ))}
          </Group>
        </Chip.Group>
      </Fieldset>
      {filter.preset === "custom" ? (
        <CustomSpan
          key={`${filter.span.first} ${filter.span.last}`}
          span={filter.span}
          problem={problem}
          onChange={(span) => change({ span })}
        />
      ) : null}
      <Group gap="md" align="flex-end">
        <div>
          <Input.Label id={groupLabel} component="span">
            {t("filter.group")}
          </Input.Label>
          <SegmentedControl
            display="flex"
            aria-labelledby={groupLabel}
            value={filter.group}
            onChange={(value) => change({ group: value as UsageGroup })}
            data={GROUPS.map((group) => ({ value: group, label: t(`group.${group}`) }))}
          />
        </div>
        <Select
          label={t("filter.instance")}
          data={choices}
          value={filter.instance ?? ALL}
          allowDeselect={false}
          searchable={choices.length > 10}
          nothingFoundMessage={t("filter.noInstance")}
          w={{ base: "100%", xs: 240 }}
          onChange={(value) => change({ instance: value === ALL ? null : value })}
        />
        <CsvButton filter={filter} disabled={problem !== null} />
      </Group>
    </Stack>
  );
}

function CsvButton({ filter, disabled }: { filter: Filter; disabled: boolean }) {
  const { t } = useTranslation("usage");
  const tenant = useTenant();
  const icon = <IconDownload size={16} aria-hidden />;
  if (disabled) {
    return (
      <Button variant="default" leftSection={icon} disabled>
        {t("csv")}
      </Button>
    );
  }
  const query = new URLSearchParams({ tenant: tenant.id, ...bounds(filter.span), groupBy: filter.group });
  if (filter.instance) query.set("instance", filter.instance);
  return (
    <Button component="a" href={`/export/usage.csv?${query}`} download variant="default" leftSection={icon}>
      {t("csv")}
    </Button>
  );
}
