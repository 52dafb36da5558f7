#include <arrow/io/api.h>
#include <parquet/arrow/writer.h>

#include <algorithm>
#include <string>

#include "Marks.hpp"
#include "Streams.hpp"

using namespace carrow;

namespace {

/// The levels that Parquet's readers take of a column, below the root of all.
constexpr int most_levels = 99;

/// The levels of a type in Parquet, where lists have two.
int levels(const arrow::DataType &type) {
    int below = 0;
    for (const auto &field : type.fields()) below = std::max(below, levels(*field->type()));
    return below + (type.num_fields() == 0 || type.id() == arrow::Type::STRUCT ? 1 : 2);
}

arrow::Status check_levels(const arrow::Schema &schema) {
    for (const auto &field : schema.fields()) {
        if (levels(*field->type()) <= most_levels) continue;
        return problem(
            "column '" + field->name() + "' has more than " + std::to_string(most_levels) +
                " levels of lists and structures, which nobody could read from Parquet again (a list counts as two)",
            "Write JSON Lines, or give the column fewer levels.");
    }
    return arrow::Status::OK();
}

}  // namespace

int carrow_write_parquet(
    const carrow_table *table, const char *metadata, const char *json_marks,
    bool (*write)(void *, const void *, int64_t), void *context) {
    return guarded([&]() -> arrow::Status {
        ARROW_RETURN_NOT_OK(check_levels(*table->table->schema()));
        auto output = std::make_shared<CallbackStream>(write, context);
        auto properties = parquet::ArrowWriterProperties::Builder().store_schema()->build();
        return parquet::arrow::WriteTable(
            *json_marked(with_metadata(table, metadata), json_marks), arrow::default_memory_pool(), output, 1 << 20,
            parquet::WriterProperties::Builder().compression(parquet::Compression::SNAPPY)->build(), properties);
    });
}
