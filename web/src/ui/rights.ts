/** Rights, as the API names them: `resource:action`. */
export interface RightShown {
  right: string;
  description: string;
}

/** Rights in groups by what they are about, in the order of the list. */
export function groupsOf<R extends { right: string }>(
  rights: readonly R[],
): { group: string; rights: R[] }[] {
  const groups = new Map<string, R[]>();
  for (const it of rights) {
    const group = it.right.split(":")[0] ?? "";
    groups.set(group, [...(groups.get(group) ?? []), it]);
  }
  return [...groups].map(([group, inGroup]) => ({ group, rights: inGroup }));
}
