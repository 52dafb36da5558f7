#include <arrow/io/api.h>
#include <arrow/json/api.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/writer.h>

#include <algorithm>
#include <cstring>

#include "Streams.hpp"

using namespace carrow;

int carrow_read_parquet(const char *path, carrow_table **out) {
    return guarded([&]() -> arrow::Status {
        ARROW_ASSIGN_OR_RAISE(auto file, arrow::io::MemoryMappedFile::Open(path, arrow::io::FileMode::READ));
        ARROW_ASSIGN_OR_RAISE(auto reader, parquet::arrow::OpenFile(file, arrow::default_memory_pool()));
        ARROW_ASSIGN_OR_RAISE(auto table, reader->ReadTable());
        return give_checked(table, out);
    });
}

int carrow_read_json(const void *bytes, int64_t count, carrow_table **out) {
    return guarded([&]() -> arrow::Status {
        ARROW_RETURN_NOT_OK(start());
        ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateBuffer(count));
        std::memcpy(buffer->mutable_data(), bytes, count);
        auto input = std::make_shared<arrow::io::BufferReader>(std::shared_ptr<arrow::Buffer>(std::move(buffer)));
        auto read = arrow::json::ReadOptions::Defaults();
        // A row may not be longer than a block.
        read.block_size = static_cast<int32_t>(std::clamp<int64_t>(count + 1, 1 << 20, 256 << 20));
        auto parse = arrow::json::ParseOptions::Defaults();
        parse.newlines_in_values = true;
        ARROW_ASSIGN_OR_RAISE(
            auto reader, arrow::json::TableReader::Make(arrow::default_memory_pool(), input, read, parse));
        ARROW_ASSIGN_OR_RAISE(auto table, reader->Read());
        return give_checked(table, out);
    });
}

int carrow_write_parquet(
    const carrow_table *table, const char *metadata, bool (*write)(void *, const void *, int64_t), void *context) {
    return guarded([&]() -> arrow::Status {
        auto output = std::make_shared<CallbackStream>(write, context);
        auto properties = parquet::ArrowWriterProperties::Builder().store_schema()->build();
        return parquet::arrow::WriteTable(
            *with_metadata(table, metadata), arrow::default_memory_pool(), output, 1 << 20,
            parquet::WriterProperties::Builder().compression(parquet::Compression::SNAPPY)->build(), properties);
    });
}
