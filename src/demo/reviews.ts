/** The demo's reviews: a few thousand of well-known books, the same at every run. */

export interface Review {
  readonly User: string;
  readonly Book: string;
  readonly Rating: number;
  readonly Review?: string;
  readonly Author?: string;
}

const BOOKS: readonly (readonly [author: string, ...titles: string[]])[] = [
  [
    "J.K. Rowling",
    "Harry Potter and the Philosopher's Stone",
    "Harry Potter and the Goblet of Fire",
    "The Casual Vacancy",
  ],
  ["Ursula K. Le Guin", "A Wizard of Earthsea", "The Left Hand of Darkness", "The Dispossessed"],
  ["J.R.R. Tolkien", "The Hobbit", "The Silmarillion"],
  ["Terry Pratchett", "Small Gods", "Guards! Guards!", "Mort"],
  ["Octavia E. Butler", "Kindred", "Parable of the Sower"],
  ["Gabriel García Márquez", "Cien años de soledad"],
  ["村上 春樹", "海辺のカフカ"],
  ["Agatha Christie", "Murder on the Orient Express", "And Then There Were None"],
  ["Chinua Achebe", "Things Fall Apart"],
  ["Jane Austen", "Pride and Prejudice", "Persuasion"],
];

const OPINIONS: readonly string[] = [
  "Could not put it down.",
  "Better at the second reading.",
  'The ending "explains" nothing; I loved it.',
  "Not for me.",
  "My daughter's favourite \u{1F4DA}",
  "Slow start,\nthen all at once.",
];

/** `count` reviews of distinct keys. Every tenth has no author, every seventh no text: attributes come and go. */
export function reviews(count: number): readonly Review[] {
  const titles = BOOKS.flatMap(([author, ...books]) => books.map((book) => ({ author, book })));
  return Array.from({ length: count }, (_, i) => {
    const { author, book } = titles[(i * 7) % titles.length] as { author: string; book: string };
    return {
      User: `reader-${String(Math.floor(i / titles.length)).padStart(4, "0")}`,
      Book: book,
      Rating: 1 + ((i * 13) % 5),
      ...(i % 7 === 3 ? {} : { Review: OPINIONS[i % OPINIONS.length] as string }),
      ...(i % 10 === 9 ? {} : { Author: author }),
    };
  });
}

/** The answer that SQL has to give. */
export function ratedBy(items: readonly Review[], author: string): number {
  return items.filter((review) => review.Author === author).length;
}
