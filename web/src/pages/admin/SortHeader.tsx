import { Group, Table, UnstyledButton } from "@mantine/core";
import { IconChevronDown, IconChevronUp, IconSelector } from "@tabler/icons-react";

interface Props {
  label: string;
  hint: string;
  /** Whether the table is sorted by it, and how. */
  sorted: "ascending" | "descending" | null;
  onSort: () => void;
}

/** A column's head that sorts the table. */
export function SortHeader({ label, hint, sorted, onSort }: Props) {
  const Icon = sorted === null ? IconSelector : sorted === "ascending" ? IconChevronUp : IconChevronDown;
  return (
    <Table.Th aria-sort={sorted ?? "none"}>
      <UnstyledButton onClick={onSort} aria-label={hint} fz="sm" fw={700}>
        <Group gap={4} wrap="nowrap">
          {label}
          <Icon size={14} aria-hidden />
        </Group>
      </UnstyledButton>
    </Table.Th>
  );
}
