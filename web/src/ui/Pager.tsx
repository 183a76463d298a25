import { Button, Group, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

interface Props {
  /** The page's number, from 1. */
  page: number;
  hasNext: boolean;
  onPrevious: () => void;
  onNext: () => void;
  /** E.g. how many there are in all. */
  note?: string;
  /** What is paged, where a page has more than one list. */
  label?: string;
}

/** Paging through a list of the server's. */
export function Pager({ page, hasNext, onPrevious, onNext, note, label }: Props) {
  const { t } = useTranslation();
  if (page === 1 && !hasNext && !note) return null;
  return (
    <Group justify="space-between" mt="md" component="nav" aria-label={label ?? t("pager.page", { page })}>
      <Text size="sm" c="dimmed">
        {note ?? t("pager.page", { page })}
      </Text>
      <Group gap="xs">
        <Button variant="default" size="xs" disabled={page === 1} onClick={onPrevious}>
          {t("pager.previous")}
        </Button>
        <Button variant="default" size="xs" disabled={!hasNext} onClick={onNext}>
          {t("pager.next")}
        </Button>
      </Group>
    </Group>
  );
}
