import { Text, type TextProps } from "@mantine/core";

/** Text of one line; names stand between backquotes. */
export function Inline({ text }: { text: string }) {
  return text.split("`").map((part, index) =>
    index % 2 === 1 ? (
      <span className="mono" key={`${index} ${part}`}>
        {part}
      </span>
    ) : (
      part
    ),
  );
}

/** Paragraphs, separated by empty lines. */
export function Prose({ text, ...rest }: TextProps & { text: string }) {
  return text.split(/\n\s*\n/).map((paragraph) => (
    <Text key={paragraph} mb="xs" {...rest}>
      <Inline text={paragraph} />
    </Text>
  ));
}
