// A small C surface over Arrow C++: files in, tables and their columns out.
//
// Every function that can fail returns 0 on success and -1 on failure; carrow_message() then says why, for the
// calling thread, until its next failure. No C++ exception leaves this boundary.
//
// Ownership: a pointer written to an `out` parameter belongs to the caller, who gives it to the matching
// `_release`. Every other pointer is borrowed: arguments are neither kept nor freed, and a `const char *` that is
// returned lives as long as the object it came from. Tables and arrays never change, so they may be used from
// several threads; operations that "change" a table return a new one that shares the columns.
#ifndef CARROW_H
#define CARROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// The Arrow C data interface, as specified by Apache Arrow.
#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE
#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema {
    const char *format;
    const char *name;
    const char *metadata;
    int64_t flags;
    int64_t n_children;
    struct ArrowSchema **children;
    struct ArrowSchema *dictionary;
    void (*release)(struct ArrowSchema *);
    void *private_data;
};

struct ArrowArray {
    int64_t length;
    int64_t null_count;
    int64_t offset;
    int64_t n_buffers;
    int64_t n_children;
    const void **buffers;
    struct ArrowArray **children;
    struct ArrowArray *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};
#endif

typedef struct carrow_table carrow_table;
typedef struct carrow_array carrow_array;
typedef struct carrow_writer carrow_writer;
typedef struct carrow_reader carrow_reader;

/// What went wrong in this thread's last failed call. Valid until its next failed call.
const char *carrow_message(void);

// Reading

/// Reads a Parquet file.
int carrow_read_parquet(const char *path, carrow_table **out);
/// Reads an Arrow IPC file or stream through a memory map; columns stay in the mapped file where it is not
/// compressed, so the file must not be changed in place while the table lives. `trusted` skips looking at every value,
/// for files of the cache, which appear whole or not at all.
int carrow_read_ipc(const char *path, bool trusted, carrow_table **out);
/// Gives the memory of a table's pages back where they are mapped from a file; they are read again when touched.
void carrow_table_forget(const carrow_table *table);
/// Reads delimited text with a header. Types are chosen as by pandas: int64, float64, bool, else large strings, and
/// pandas' spellings of a missing value become null. A column in `text_columns` is read as strings as it stands.
int carrow_read_csv(
    const char *path, char delimiter, const char *const *text_columns, int64_t text_count, carrow_table **out);
/// Reads JSON Lines. The bytes are copied.
int carrow_read_json(const void *bytes, int64_t count, carrow_table **out);
/// Where the first line that is not UTF-8 begins, or -1.
int64_t carrow_invalid_utf8(const void *bytes, int64_t count);

// Tables

void carrow_table_release(carrow_table *table);
int64_t carrow_table_rows(const carrow_table *table);
int64_t carrow_table_columns(const carrow_table *table);
/// Borrowed from the table.
const char *carrow_table_name(const carrow_table *table, int64_t column);
/// The value under a key of the schema's metadata, or NULL. Borrowed from the table.
const char *carrow_table_metadata(const carrow_table *table, const char *key);
/// The number of chunks of a column.
int64_t carrow_table_chunks(const carrow_table *table, int64_t column);
/// Hands out a chunk through the C data interface, without copying. The caller calls both `release` members.
int carrow_table_chunk(
    const carrow_table *table, int64_t column, int64_t chunk, struct ArrowArray *array, struct ArrowSchema *schema);
/// The type of a column through the C data interface. The caller calls its `release` member.
int carrow_table_type(const carrow_table *table, int64_t column, struct ArrowSchema *schema);

/// A table of whole columns. All arrays have `rows` elements.
int carrow_table_make(
    const char *const *names, const carrow_array *const *arrays, int64_t count, int64_t rows, carrow_table **out);
/// `length` rows from `offset`, sharing memory.
int carrow_table_slice(const carrow_table *table, int64_t offset, int64_t length, carrow_table **out);
/// An error where columns claim more values that take up no memory than anybody would write.
int carrow_table_check_sizes(const carrow_table *table);
/// The bytes that a table's rows take up.
int64_t carrow_table_bytes(const carrow_table *table);
/// The rows at the given positions, copied. A position outside the table is an error.
int carrow_table_take(const carrow_table *table, const int64_t *rows, int64_t count, carrow_table **out);
/// The columns at the given positions under the given names.
int carrow_table_select(
    const carrow_table *table, const int64_t *columns, const char *const *names, int64_t count, carrow_table **out);
/// The columns of both tables side by side.
int carrow_table_beside(const carrow_table *left, const carrow_table *right, carrow_table **out);
/// One table below the other. Names and types must agree.
int carrow_table_concatenate(const carrow_table *const *tables, int64_t count, carrow_table **out);
/// A column converted to a type by its name, such as "int32" or "large_string"; a value that does not fit is an error.
int carrow_table_cast(const carrow_table *table, int64_t column, const char *type, carrow_table **out);
/// A table with the names of `like`, converted to its types, nested ones included.
int carrow_table_cast_like(const carrow_table *table, const carrow_table *like, carrow_table **out);
/// Structures replaced by a column for each of their fields, named `column.field`; one level.
int carrow_table_flatten(const carrow_table *table, carrow_table **out);
/// The positions that sort by columns, the first one first, stably, nulls last. `out` has room for every row.
int carrow_table_sort(
    const carrow_table *table, const int64_t *columns, const bool *descending, int64_t count, int64_t *out);
/// Writes Parquet through a callback that returns false to stop. `metadata` is stored under the key `huggingface`.
int carrow_write_parquet(
    const carrow_table *table, const char *metadata, bool (*write)(void *context, const void *bytes, int64_t count),
    void *context);

// Streams: tables in pieces, so that the whole need not be in memory

/// Begins an Arrow IPC stream of tables like `schema` that goes out through a callback, as it is written.
int carrow_writer_open(
    const carrow_table *schema, const char *metadata, bool (*write)(void *context, const void *bytes, int64_t count),
    void *context, carrow_writer **out);
/// Appends the rows of a table of the same types.
int carrow_writer_write(carrow_writer *writer, const carrow_table *table);
/// Ends the stream.
int carrow_writer_close(carrow_writer *writer);
void carrow_writer_release(carrow_writer *writer);

/// Opens a file to be read in pieces of about `rows` rows, or of its own pieces where the format has some.
int carrow_reader_parquet(const char *path, int64_t rows, carrow_reader **out);
int carrow_reader_ipc(const char *path, carrow_reader **out);
/// Text with a header. The types are those of the first piece; see carrow_read_csv.
int carrow_reader_csv(
    const char *path, char delimiter, const char *const *text_columns, int64_t text_count, carrow_reader **out);
/// JSON Lines. The types are those of the first piece.
int carrow_reader_json(const char *path, carrow_reader **out);
/// A table without rows that has the types.
int carrow_reader_types(const carrow_reader *reader, carrow_table **out);
/// The next piece; NULL at the end.
int carrow_reader_next(carrow_reader *reader, carrow_table **out);
void carrow_reader_release(carrow_reader *reader);

// Arrays. Buffers are copied. `valid` has one byte an element, 0 for null; NULL where there are no nulls.

void carrow_array_release(carrow_array *array);
/// Numbers of a type by its name: int8 ... uint64, float32, float64, timestamp[us], date32.
int carrow_array_numbers(
    const char *type, const void *values, int64_t count, const uint8_t *valid, carrow_array **out);
/// One byte an element, 0 or 1.
int carrow_array_bools(const uint8_t *values, int64_t count, const uint8_t *valid, carrow_array **out);
/// UTF-8 text laid end to end; `offsets` has count + 1 places. Type "string", "large_string" or "binary".
int carrow_array_strings(
    const char *type, const void *bytes, const int64_t *offsets, int64_t count, const uint8_t *valid,
    carrow_array **out);
/// Lists over a child array; `offsets` has count + 1 places. Shares the child's memory.
int carrow_array_lists(
    const carrow_array *child, const int64_t *offsets, int64_t count, const uint8_t *valid, carrow_array **out);
/// The same with 64-bit places in the column.
int carrow_array_large_lists(
    const carrow_array *child, const int64_t *offsets, int64_t count, const uint8_t *valid, carrow_array **out);
/// Lists of `length` elements each; those of a null are there, whatever they are.
int carrow_array_fixed_lists(
    const carrow_array *child, int64_t length, int64_t count, const uint8_t *valid, carrow_array **out);
/// Structures over child arrays of `count` elements. Shares their memory.
int carrow_array_structs(
    const char *const *names, const carrow_array *const *children, int64_t children_count, int64_t count,
    const uint8_t *valid, carrow_array **out);
/// Only nulls.
int carrow_array_nulls(int64_t count, carrow_array **out);

#ifdef __cplusplus
}
#endif
#endif
