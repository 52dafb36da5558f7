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

// Says what to do where Apache Arrow is missing, before the compiler says which of its files. The manifest names one
// for the modules that need it.
#ifdef SWIFTLET_SET_UP
#if !__has_include(SWIFTLET_SET_UP)
#error "Apache Arrow is not set up. Run 'swift package swiftlet-setup' (in a clone of Swiftlet: make bootstrap), \
then build again."
#endif
#endif

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

/// The system's error number (`errno`) behind that message, such as EMFILE; 0 where the fault is in the data.
int carrow_error_number(void);

/// The version of Arrow that is loaded, such as "26.0.1".
const char *carrow_version(void);

// Sources

/// A file, or a part of one, and how it is packed.
typedef struct carrow_source {
    const char *path;
    /// "" for a plain file, "gz", "bz2", "zst", "lz4" or "xz"; "stored" or "deflate" for a member of a zip archive.
    const char *packing;
    /// Where the data of a member begins in the archive, and how long it is there.
    int64_t offset, length;
    /// The member's size and checksum (CRC-32) when it is unpacked.
    int64_t size;
    uint32_t checksum;
    /// Of a text file: "utf-8", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "windows-1252" or "ascii".
    const char *encoding;
} carrow_source;

/// Hands the first `count` bytes of the unpacked file to a callback that returns false to stop.
int carrow_head(
    const carrow_source *source, int64_t count, bool (*write)(void *context, const void *bytes, int64_t count),
    void *context);

/// Maps an Arrow IPC file or stream; columns stay in the mapped file where it is not compressed, so the file must not
/// be changed in place while the table lives. `trusted` skips looking at every value, for files of the cache, which
/// appear whole or not at all.
int carrow_read_ipc(const char *path, bool trusted, carrow_table **out);
/// Gives the memory of a table's pages back where they are mapped from a file; they are read again when touched.
void carrow_table_forget(const carrow_table *table);

// Tables

void carrow_table_release(carrow_table *table);
int64_t carrow_table_rows(const carrow_table *table);
int64_t carrow_table_columns(const carrow_table *table);
/// Borrowed from the table.
const char *carrow_table_name(const carrow_table *table, int64_t column);
/// The value under a key of the schema's metadata, or NULL. Borrowed from the table.
const char *carrow_table_metadata(const carrow_table *table, const char *key);
/// What an Arrow or Parquet file says of its types beyond those that they are read in: for each column a character for
/// each type, before those of its children, and a blank between two columns. `j` is text that is JSON; `!` is read in
/// another form than the file's (dictionaries, views, maps), or has no nulls by its type; `.` is what it seems. NULL
/// for a table that does not come from such a file. Borrowed from the table.
const char *carrow_table_marks(const carrow_table *table);
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
///
/// `json_marks` tells the texts that are JSON, whose fields get the type `arrow.json`: a character for each type of the
/// columns, each before those of its children, `j` for JSON and `.` for what is none. Null for no JSON at all.
int carrow_write_parquet(
    const carrow_table *table, const char *metadata, const char *json_marks,
    bool (*write)(void *context, const void *bytes, int64_t count), void *context);

// Streams: tables in pieces, so that the whole need not be in memory

/// Begins an Arrow IPC stream of tables like `schema` that goes out through a callback, as it is written. `metadata`
/// and `json_marks` are those of `carrow_write_parquet`.
int carrow_writer_open(
    const carrow_table *schema, const char *metadata, const char *json_marks,
    bool (*write)(void *context, const void *bytes, int64_t count), void *context, carrow_writer **out);
/// Appends the rows of a table of the same types.
int carrow_writer_write(carrow_writer *writer, const carrow_table *table);
/// Ends the stream, which has a batch, be it one without rows.
int carrow_writer_close(carrow_writer *writer);
void carrow_writer_release(carrow_writer *writer);

/// Opens a Parquet file to be read in pieces of about `rows` rows. `columns` names the ones that are wanted; NULL for
/// all.
int carrow_reader_parquet(
    const carrow_source *source, int64_t rows, const char *const *columns, int64_t column_count, carrow_reader **out);
/// Opens an Arrow IPC file or stream, to be read in its own pieces.
int carrow_reader_ipc(const carrow_source *source, carrow_reader **out);

typedef struct carrow_csv_options {
    char delimiter;
    /// 0 where no character quotes.
    char quote;
    bool has_header;
    /// Names in place of the header's; NULL for the header's, or numbers from 0.
    const char *const *names;
    int64_t name_count;
    /// The columns that are wanted; NULL for all.
    const char *const *columns;
    int64_t column_count;
    /// Columns that have a type by its name, whatever the values are.
    const char *const *typed;
    const char *const *types;
    int64_t type_count;
} carrow_csv_options;

/// Opens delimited text. Types are chosen as by pandas: int64, uint64, float64, bool, else large strings, null for a
/// column without a value; pandas' spellings of a missing value become null.
///
/// The types fit the whole file, which is read once before, and kept where it has no more than `keep` bytes; where
/// `keep` is negative, they are those of the first piece.
int carrow_reader_csv(
    const carrow_source *source, const carrow_csv_options *options, int64_t keep, carrow_reader **out);

typedef struct carrow_json_options {
    /// The key at the top that has the rows; NULL for the top itself.
    const char *field;
    /// Keys whose values are text, also where they look like times; NULL for none.
    const char *const *texts;
    int64_t text_count;
} carrow_json_options;

/// Opens JSON Lines, or one list of rows. `keep` as for carrow_reader_csv.
int carrow_reader_json(
    const carrow_source *source, const carrow_json_options *options, int64_t keep, carrow_reader **out);
/// Opens lines of text, which become the column `text`.
int carrow_reader_text(const carrow_source *source, carrow_reader **out);
/// What a warning should say about the file; empty for nothing. Borrowed from the reader.
const char *carrow_reader_note(const carrow_reader *reader);
/// Where values are kept as strings that hold their JSON, since they are of several kinds, or objects with different
/// keys: a JSON list of paths of keys, and 0 for the elements of a list. Empty for nowhere. Borrowed from the reader.
const char *carrow_reader_json_paths(const carrow_reader *reader);
/// Whether the rows are the elements of a list of JSON, which is read as a whole.
bool carrow_reader_is_list(const carrow_reader *reader);
/// A table without rows that has the types.
int carrow_reader_types(const carrow_reader *reader, carrow_table **out);
/// The next piece; NULL at the end.
int carrow_reader_next(carrow_reader *reader, carrow_table **out);
void carrow_reader_release(carrow_reader *reader);

/// Rows of a JSON file as text, for messages about them.
typedef struct carrow_json carrow_json;
int carrow_json_open(const carrow_source *source, const carrow_json_options *options, carrow_json **out);
/// The next rows: where each ends in `text`, and the line it begins in or its number in the list. `count` is 0 at the
/// end. Everything is borrowed until the next call.
int carrow_json_next(
    carrow_json *json, const char **text, const int64_t **ends, const int64_t **numbers, int64_t *count);
/// Whether rows are counted in a list from 0, not by lines from 1.
bool carrow_json_is_list(const carrow_json *json);
void carrow_json_release(carrow_json *json);

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
/// An array converted to a type by its name; a value that does not fit is an error.
int carrow_array_cast(const carrow_array *array, const char *type, carrow_array **out);
/// Only nulls.
int carrow_array_nulls(int64_t count, carrow_array **out);

#ifdef __cplusplus
}
#endif
#endif
