/** Categories, sources, units and words of moves that forms offer: read once, found by word or pinyin. */
import { ref } from "vue";
import type { Choices } from "../api/intake";
import { readChoices } from "../api/intake";

export const choices = ref<Choices | null>(null);

/** Read what forms offer, unless it is known already. */
export async function loadChoices(): Promise<void> {
  choices.value ??= await readChoices();
}

/** Return the words that the site offers for a text of a move; asking for one has those of the move itself. */
export function offeredWords(move: string, field: string): string[] {
  const known = choices.value;
  const found = field === "result" ? known?.results : field === "reason" ? known?.reasons[move.replace(/^request_/, "")] : undefined;
  return (found ?? []).map(({ name }) => name);
}

/** Return the items whose name, code or pinyin holds what was typed; at the beginning before inside. */
export function findByWord<T extends { name: string; spelled: string; code?: string }>(items: T[], typed: string): T[] {
  const wanted = typed.trim().toLowerCase();
  if (!wanted) return items;
  const rank = ({ name, spelled, code = "" }: T): number => {
    const words = [name.toLowerCase(), code.toLowerCase(), ...spelled.split(" ")];
    if (words.some((word) => word.startsWith(wanted))) return 0;
    return words.some((word) => word.includes(wanted)) ? 1 : 2;
  };
  return items.map((item) => ({ item, at: rank(item) })).filter(({ at }) => at < 2).sort((a, b) => a.at - b.at).map(({ item }) => item);
}
