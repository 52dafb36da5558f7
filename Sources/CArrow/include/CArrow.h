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

/// What went wrong in this thread's last failed call. Valid until its next failed call.
const char *carrow_message(void);

// Reading

/// Reads a Parquet file.
int carrow_read_parquet(const char *path, carrow_table **out);
/// Reads an Arrow IPC file or stream through a memory map; columns stay in the mapped file where it is not
/// compressed, so the file must not be changed in place while the table lives.
int carrow_read_ipc(const char *path, carrow_table **out);
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
/// The positions that sort by a column, stably, nulls last. `out` has room for every row.
int carrow_table_sort(const carrow_table *table, int64_t column, bool descending, int64_t *out);
/// Writes Parquet through a callback that returns false to stop. `metadata` is stored under the key `huggingface`.
int carrow_write_parquet(
    const carrow_table *table, const char *metadata, bool (*write)(void *context, const void *bytes, int64_t count),
    void *context);
/// Writes an Arrow IPC stream in the same way.
int carrow_write_stream(
    const carrow_table *table, const char *metadata, bool (*write)(void *context, const void *bytes, int64_t count),
    void *context);

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
