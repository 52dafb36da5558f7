#include <arrow/io/api.h>
#include <parquet/arrow/writer.h>

#include "Marks.hpp"
#include "Streams.hpp"

using namespace carrow;

int carrow_write_parquet(
    const carrow_table *table, const char *metadata, const char *json_marks,
    bool (*write)(void *, const void *, int64_t), void *context) {
    return guarded([&]() -> arrow::Status {
        auto output = std::make_shared<CallbackStream>(write, context);
        auto properties = parquet::ArrowWriterProperties::Builder().store_schema()->build();
        return parquet::arrow::WriteTable(
            *json_marked(with_metadata(table, metadata), json_marks), arrow::default_memory_pool(), output, 1 << 20,
            parquet::WriterProperties::Builder().compression(parquet::Compression::SNAPPY)->build(), properties);
    });
}
