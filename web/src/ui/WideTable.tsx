import { Table } from "@mantine/core";
import type { ReactNode } from "react";

/** Around a table that may be wider than the screen: it scrolls by itself, by keyboard too. */
export function WideTable({
  minWidth,
  maxHeight,
  label,
  children,
}: {
  minWidth: number;
  /** With it the rows scroll below a head that stays; the table needs `stickyHeader`. */
  maxHeight?: number | string;
  label: string;
  children: ReactNode;
}) {
  return (
    // What is hidden in a cell is placed by its container: else it would widen the page.
    <Table.ScrollContainer
      type="native"
      minWidth={minWidth}
      maxHeight={maxHeight}
      tabIndex={0}
      role="group"
      aria-label={label}
      pos="relative"
    >
      {children}
    </Table.ScrollContainer>
  );
}
