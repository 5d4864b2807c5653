/** \file
 * Files of libdni: what is promised of all of them, and reading and writing without a disk.
 *
 * Files are safetensors, which many programs read: a header in JSON, then matrices. docs/FORMAT.md
 * says what is in them. dni_network_save() writes a network, dni_trainer_save() a training,
 * dni_checkpoint_save() the parts of a training loop of one's own.
 *
 * A file is written beside the old one, brought to the disk, and renamed. So its name stands for
 * the old content or all of the new, also after a crash; the disk needs room for both. A new file
 * gets permissions as the umask says. One that replaces another, even one that is read only, keeps
 * that one's owner, group and permissions where the system lets it, without set-user-ID and the
 * like. A symbolic link stays, and what it leads to is replaced; one that leads nowhere is refused,
 * and so are devices and pipes. Of a file with two names, the other one keeps the old content.
 * Processes that save under one name at the same time do not disturb each other; the last one wins.
 * A program that is killed while it writes leaves NAME.libdni-tmp0 behind, or a higher number. The
 * next save under that name removes it.
 *
 * What is read is checked as a whole before anything is changed: the checksum over all bytes, the
 * header, every size and every value. */
#ifndef DNI_H_INSIDE
#error "include <dni.h>, not this file"
#endif
#ifndef DNI_FILE_H
#define DNI_FILE_H

/** Where a file goes that is not on a disk. Set everything to 0, then the fields. */
typedef struct dni_writer {
  size_t struct_size; /**< sizeof(dni_writer). */
  void *user;         /**< Handed to write. */
  /** Takes the next `size` bytes, 1 or more. It answers 0, or a status with which the call fails;
   * see dni_fail(). What it was given before is then no file. */
  dni_status(DNI_CALL *write)(void *user, const void *bytes, size_t size);
} dni_writer;

/** Where a file comes from that is not on a disk. Set everything to 0, then the fields. */
typedef struct dni_reader {
  size_t struct_size; /**< sizeof(dni_reader). */
  void *user;         /**< Handed to read. */
  /** Writes the next bytes, at most `size`, and their number into *got; 0 at the end. It answers 0,
   * or a status with which the call fails; see dni_fail(). It is called until *got is 0, or what
   * came is no file or more than one. */
  dni_status(DNI_CALL *read)(void *user, void *bytes, size_t size, size_t *got);
} dni_reader;

/** How to load. Zero means default. */
typedef struct dni_load_options {
  size_t struct_size; /**< sizeof(dni_load_options). */
  int32_t finite;     /**< 1: refuse matrices with NaN or infinity; 0: load them. */
  int32_t reserved;   /**< 0. */
} dni_load_options;

#endif
