import { Checkbox, Table, Text, VisuallyHidden } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { Fragment } from "react";
import { useTranslation } from "react-i18next";
import { groupsOf } from "../../ui/rights";
import { WideTable } from "../../ui/WideTable";
import type { RightInfo } from "./RolesPage";

const BUILT_IN = ["OWNER", "ADMIN", "DEVELOPER", "BILLING", "VIEWER"] as const;

interface Choosing {
  name: string;
  value: readonly string[];
  /** What the viewer may give: no more than they have. */
  own: ReadonlySet<string>;
  onChange: (rights: string[]) => void;
}

interface Props {
  rights: readonly RightInfo[];
  label: string;
  /** With it, a column to choose in. */
  choosing?: Choosing;
}

/** Each right, and which built-in roles have it. */
export function RightsMatrix({ rights, label, choosing }: Props) {
  const { t } = useTranslation("roles");
  const { t: common } = useTranslation();
  const columns = BUILT_IN.length + (choosing ? 2 : 1);
  return (
    <WideTable minWidth={choosing ? 640 : 560} maxHeight={choosing ? "50vh" : undefined} label={label}>
      <Table aria-label={label} verticalSpacing={6} stickyHeader={choosing !== undefined}>
        <Table.Thead>
          <Table.Tr>
            {choosing ? <Table.Th>{choosing.name || t("form.this")}</Table.Th> : null}
            <Table.Th>{t("matrix.right")}</Table.Th>
            {BUILT_IN.map((role) => (
              <Table.Th key={role} ta="center">
                {common(`role.${role}`)}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {groupsOf(rights).map(({ group, rights: inGroup }) => (
            <Fragment key={group}>
              <Table.Tr>
                <Table.Th colSpan={columns} scope="colgroup" c="dimmed" fz="sm">
                  {common(`rights.group.${group}`, { defaultValue: group })}
                </Table.Th>
              </Table.Tr>
              {inGroup.map((right) => (
                <Row key={right.right} right={right} all={rights} choosing={choosing} />
              ))}
            </Fragment>
          ))}
        </Table.Tbody>
      </Table>
    </WideTable>
  );
}

interface RowProps {
  right: RightInfo;
  all: readonly RightInfo[];
  choosing?: Choosing;
}

function Row({ right, all, choosing }: RowProps) {
  const { t } = useTranslation("roles");
  const change = (on: boolean) => {
    if (!choosing) return;
    const next = new Set(choosing.value);
    on ? next.add(right.right) : next.delete(right.right);
    choosing.onChange(all.map((it) => it.right).filter((it) => next.has(it)));
  };
  const roles = new Set(right.roles.map((role) => role.toUpperCase()));
  return (
    <Table.Tr>
      {choosing ? (
        <Table.Td>
          <Checkbox
            aria-label={right.right}
            checked={choosing.value.includes(right.right)}
            disabled={!choosing.own.has(right.right)}
            onChange={(event) => change(event.currentTarget.checked)}
          />
        </Table.Td>
      ) : null}
      <Table.Th scope="row" fw={400} miw={170}>
        <span className="mono">{right.right}</span>
        <Text size="xs" c="dimmed">
          {right.description}
        </Text>
      </Table.Th>
      {BUILT_IN.map((role) => (
        <Table.Td key={role} ta="center">
          {roles.has(role) ? (
            <>
              <IconCheck size={16} aria-hidden />
              <VisuallyHidden>{t("matrix.yes")}</VisuallyHidden>
            </>
          ) : (
            <VisuallyHidden>{t("matrix.no")}</VisuallyHidden>
          )}
        </Table.Td>
      ))}
    </Table.Tr>
  );
}
