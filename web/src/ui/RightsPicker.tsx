import { Checkbox, Fieldset, Input, SimpleGrid, Stack } from "@mantine/core";
import { useId } from "react";
import { useTranslation } from "react-i18next";
import { groupsOf, type RightShown } from "./rights";

interface Props {
  label: string;
  description?: string;
  error?: string;
  /** What can be chosen. */
  rights: readonly RightShown[];
  value: readonly string[];
  onChange: (rights: string[]) => void;
}

/** Rights to choose from, in groups by what they are about; a group can be chosen at once. */
export function RightsPicker({ label, description, error, rights, value, onChange }: Props) {
  const { t } = useTranslation();
  const id = useId();
  const chosen = new Set(value);
  const set = (names: readonly string[], on: boolean) => {
    const next = new Set(chosen);
    for (const name of names) on ? next.add(name) : next.delete(name);
    // In the order of the list, whatever the order of the clicks.
    onChange(rights.map((it) => it.right).filter((name) => next.has(name)));
  };
  return (
    <Input.Wrapper label={label} description={description} error={error} labelElement="div" id={id}>
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm" mt="xs">
        {groupsOf(rights).map(({ group, rights: inGroup }) => {
          const names = inGroup.map((it) => it.right);
          const count = names.filter((name) => chosen.has(name)).length;
          const title = t(`rights.group.${group}`, { defaultValue: group });
          return (
            <Fieldset key={group} legend={title} p="sm">
              <Stack gap="xs">
                {names.length > 1 ? (
                  <Checkbox
                    size="xs"
                    label={t("rights.all", { group: title.toLocaleLowerCase() })}
                    checked={count === names.length}
                    indeterminate={count > 0 && count < names.length}
                    onChange={(event) => set(names, event.currentTarget.checked)}
                  />
                ) : null}
                {inGroup.map(({ right, description: about }) => (
                  <Checkbox
                    key={right}
                    size="sm"
                    label={<span className="mono">{right}</span>}
                    description={about}
                    checked={chosen.has(right)}
                    onChange={(event) => set([right], event.currentTarget.checked)}
                  />
                ))}
              </Stack>
            </Fieldset>
          );
        })}
      </SimpleGrid>
    </Input.Wrapper>
  );
}
