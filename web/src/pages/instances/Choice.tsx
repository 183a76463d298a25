import { Box, Group, Radio } from "@mantine/core";
import { type ReactNode, useId } from "react";

interface Props {
  value: string;
  checked: boolean;
  /** One of the group can be reached by Tab, the others by the arrow keys. */
  reachable: boolean;
  title: ReactNode;
  disabled?: boolean;
  children: ReactNode;
}

/** A card that is a radio button, inside a `Radio.Group`. */
export function Choice({ value, checked, reachable, title, disabled = false, children }: Props) {
  const id = useId();
  return (
    <Radio.Card
      value={value}
      checked={checked}
      tabIndex={reachable ? 0 : -1}
      aria-labelledby={`${id}-title`}
      aria-describedby={`${id}-details`}
      aria-disabled={disabled || undefined}
      className="surface"
      p="md"
      style={{
        borderColor: checked ? "var(--mantine-color-anchor)" : undefined,
        boxShadow: checked ? "0 0 0 1px var(--mantine-color-anchor)" : undefined,
        cursor: disabled ? "not-allowed" : undefined,
        // A button centres its content; cards of one row begin at the same height.
        display: "flex",
        alignItems: "flex-start",
      }}
    >
      <Group wrap="nowrap" align="flex-start" gap="sm" w="100%">
        <Radio.Indicator checked={checked} disabled={disabled} />
        <Box style={{ flex: 1, minWidth: 0 }}>
          <div id={`${id}-title`}>{title}</div>
          <div id={`${id}-details`}>{children}</div>
        </Box>
      </Group>
    </Radio.Card>
  );
}
