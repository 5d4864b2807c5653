/* A file of text, line by line. Internal. */
#ifndef DNI_DATA_LINES_H
#define DNI_DATA_LINES_H

#include "data/buffer.h"
#include "data/reader.h"

typedef struct dni__lines {
  dni__reader *reader;
  dni__buffer buffer; /* bytes read; the line is within */
  size_t next;        /* offset of what has not been handed out */
  size_t number;      /* of the current line, from 1; 0: before the first */
  bool ended;         /* nothing more to read */
} dni__lines;

/* DNI_ERROR_DATA as below; and as dni__reader_open. After a failure, too, call dni__lines_close. */
dni_status dni__lines_open(dni__memory *memory, const char *path, dni__lines *out);
void dni__lines_close(dni__lines *lines);

/* The next line without its end (LF, CR LF or CR), terminated by NUL; it may be written to and
 * stays until the next call. *line = NULL after the last. A UTF-8 byte-order mark at the start is
 * left out. DNI_ERROR_DATA: a NUL byte or the mark of UTF-16; and as dni__reader_read. */
dni_status dni__lines_next(dni__lines *lines, char **line);

#endif
