import { Box, Group, Text } from "@mantine/core";
import { CopyButton } from "./CopyButton";

/** Code or JSON to read and to copy. What is too wide scrolls by itself, by keyboard too. */
export function CodeBlock({ code, label, maxHeight }: { code: string; label: string; maxHeight?: number }) {
  return (
    <div>
      <Group justify="space-between" wrap="nowrap" mb={2}>
        <Text size="sm" fw={500}>
          {label}
        </Text>
        <CopyButton value={code} label={label} text />
      </Group>
      <Box
        component="pre"
        className="code-block"
        mah={maxHeight}
        tabIndex={0}
        role="group"
        aria-label={label}
      >
        {code}
      </Box>
    </div>
  );
}
