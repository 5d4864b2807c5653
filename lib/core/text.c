/* Strings of others in messages: paths, fields of files, words of callbacks.
 *
 * They may be of any length and hold any bytes, and a message has one line of bounded length. So a
 * string that is too long loses its middle: paths differ at their ends, and reasons come last. It
 * is cut between characters. What is not UTF-8, or cannot be seen, is written as \xNN. */
#include <stdio.h>
#include <string.h>

#include "core/core.h"

#define DOTS "..."

/* One character as it is shown: up to three bytes as \xNN, and a NUL. */
typedef struct character {
  char shown[13];
  size_t shown_size, size; /* bytes here, and in the string */
} character;

/* The bytes of the UTF-8 character (RFC 3629) that `text` begins with, and its number; 0: it begins
 * with none. */
static size_t decode(const unsigned char *text, uint32_t *number) {
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  *number = text[0];
  if (text[0] < 0x80) return 1;
  if (text[0] < 0xc2 || text[0] > 0xf4) return 0;
  size_t size = text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : 4;
  *number = text[0] & (0xffU >> (size + 1));
  for (size_t i = 1; i < size; i++) {
    if ((text[i] & 0xc0) != 0x80) return 0;
    *number = *number << 6 | (text[i] & 0x3f);
  }
  bool surrogate = *number >= 0xd800 && *number <= 0xdfff;
  return *number < least[size] || *number > 0x10ffff || surrogate ? 0 : size;
}

bool dni__is_utf8(const char *text) {
  uint32_t number;
  size_t size;
  for (; *text; text += size)
    if ((size = decode((const unsigned char *)text, &number)) == 0) return false;
  return true;
}

/* Controls, spaces that do not look like ' ' to a parser, marks of direction and of byte order. */
static bool is_invisible(uint32_t number) {
  static const struct {
    uint32_t first, last;
  } ranges[] = {{0, 0x1f},        {0x7f, 0xa0},     {0xad, 0xad},    {0x200b, 0x200f},
                {0x2028, 0x202f}, {0x2060, 0x206f}, {0xfeff, 0xfeff}};
  for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
    if (number >= ranges[i].first && number <= ranges[i].last) return true;
  return false;
}

static character next_character(const char *text, bool breaks) {
  const unsigned char *bytes = (const unsigned char *)text;
  character next = {.size = 1};
  uint32_t number;
  size_t size = decode(bytes, &number);
  if (size > 0) next.size = size;
  if (breaks && *text >= '\t' && *text <= '\r') {
    next.shown[next.shown_size++] = ' ';
  } else if (size > 0 && !is_invisible(number)) {
    memcpy(next.shown, text, size);
    next.shown_size = size;
  } else {
    for (size_t i = 0; i < next.size; i++, next.shown_size += 4)
      (void)snprintf(next.shown + next.shown_size, 5, "\\x%02x", (unsigned)bytes[i]);
  }
  return next;
}

static size_t shown_size(const char *text, bool breaks) {
  size_t size = 0;
  while (*text) {
    character next = next_character(text, breaks);
    size += next.shown_size;
    text += next.size;
  }
  return size;
}

void dni__text_fit(char *to, size_t size, const char *text, bool breaks) {
  size_t all = shown_size(text, breaks), room = size - 1, head = all, tail = all, used = 0;
  bool dots = all > room;
  if (dots) {
    head = (room - strlen(DOTS)) / 2;
    tail = all - (room - strlen(DOTS) - head);
  }
  for (size_t at = 0; *text;) {
    character next = next_character(text, breaks);
    if (at + next.shown_size <= head || at >= tail) {
      memcpy(to + used, next.shown, next.shown_size);
      used += next.shown_size;
    } else if (dots) {
      memcpy(to + used, DOTS, strlen(DOTS));
      used += strlen(DOTS);
      dots = false;
    }
    at += next.shown_size;
    text += next.size;
  }
  to[used] = '\0';
}

dni__text dni__shown(const char *text) {
  dni__text shown;
  dni__text_fit(shown.text, sizeof shown.text, *text ? text : "''", false);
  return shown;
}
