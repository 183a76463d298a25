import { Button, Group } from "@mantine/core";
import { Link, useLocation, useResolvedPath } from "react-router";

interface Entry {
  to: string;
  label: string;
  /** Only its own path is it, not the pages below. */
  end?: boolean;
}

/** The pages of an area, above each of them. */
export function SectionNav({ label, entries }: { label: string; entries: readonly Entry[] }) {
  return (
    <Group component="nav" aria-label={label} gap={4} mb="md" className="section-nav">
      {entries.map((entry) => (
        <SectionLink key={entry.to} {...entry} />
      ))}
    </Group>
  );
}

function SectionLink({ to, label, end }: Entry) {
  const { pathname } = useLocation();
  const path = useResolvedPath(to).pathname;
  const here = pathname === path || (!end && pathname.startsWith(`${path}/`));
  return (
    <Button
      component={Link}
      to={to}
      size="xs"
      variant={here ? "light" : "subtle"}
      color={here ? undefined : "gray"}
      aria-current={here ? "page" : undefined}
      c={here ? undefined : "var(--mantine-color-text)"}
    >
      {label}
    </Button>
  );
}
