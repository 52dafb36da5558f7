#include "Streams.hpp"

#include <arrow/extension_type.h>
#include <arrow/ipc/api.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <map>
#include <mutex>
#include <optional>

#include "Marks.hpp"
#include "Plain.hpp"

using namespace carrow;

struct carrow_writer {
    std::unique_ptr<CallbackStream> output;
    std::shared_ptr<arrow::Schema> schema;
    /// Which texts are JSON; nothing where none are.
    std::optional<std::string> json_marks;
    const char *marks() const { return json_marks ? json_marks->c_str() : nullptr; }
    std::shared_ptr<arrow::ipc::RecordBatchWriter> writer;
    bool has_batch = false;
};

namespace {

/// Where files are mapped at present, by the first byte: only there may pages be given back.
std::mutex ranges_lock;
std::map<uintptr_t, uintptr_t> ranges;

class MappedBuffer : public arrow::Buffer {
public:
    MappedBuffer(std::shared_ptr<arrow::io::MemoryMappedFile> file, std::shared_ptr<arrow::Buffer> whole)
        : arrow::Buffer(whole->data(), whole->size()), file_(std::move(file)), whole_(std::move(whole)) {
        std::lock_guard guard(ranges_lock);
        ranges[address()] = address() + size();
    }
    ~MappedBuffer() override {
        std::lock_guard guard(ranges_lock);
        ranges.erase(address());
    }

private:
    uintptr_t address() const { return reinterpret_cast<uintptr_t>(data()); }
    std::shared_ptr<arrow::io::MemoryMappedFile> file_;
    std::shared_ptr<arrow::Buffer> whole_;
};

void forget_buffer(const uint8_t *data, int64_t size) {
    static const uintptr_t page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
    auto begin = reinterpret_cast<uintptr_t>(data);
    const uintptr_t end = begin + size;
    std::lock_guard guard(ranges_lock);
    auto next = ranges.upper_bound(begin);
    if (next == ranges.begin()) return;
    auto range = std::prev(next);
    if (end > range->second) return;
    // Pages at the edges may belong to neighbours as well; read only, they come back when touched.
    begin -= begin % page;
    if (begin < range->first) begin += page;
    if (begin < end) madvise(reinterpret_cast<void *>(begin), end - begin, MADV_DONTNEED);
}

/// The parts of the buffers that the rows of a slice refer to.
void forget_data(const arrow::ArrayData &data, int64_t offset, int64_t length) {
    const bool is_extension = data.type->id() == arrow::Type::EXTENSION;
    const auto &type =
        is_extension ? *static_cast<const arrow::ExtensionType &>(*data.type).storage_type() : *data.type;
    const auto *offsets = data.buffers.size() > 1 && data.buffers[1] ? data.buffers[1]->data() : nullptr;
    auto part = [&](size_t index, int64_t from, int64_t count) {
        if (index >= data.buffers.size() || !data.buffers[index]) return;
        const auto &buffer = *data.buffers[index];
        if (from < 0 || from + count > buffer.size()) return;
        forget_buffer(buffer.data() + from, count);
    };
    int64_t first = offset, count = length;
    switch (type.id()) {
        case arrow::Type::STRING:
        case arrow::Type::BINARY:
        case arrow::Type::LIST:
        case arrow::Type::LARGE_STRING:
        case arrow::Type::LARGE_BINARY:
        case arrow::Type::LARGE_LIST: {
            if (!offsets || length == 0) return;
            const bool large = type.id() == arrow::Type::LARGE_STRING || type.id() == arrow::Type::LARGE_BINARY ||
                               type.id() == arrow::Type::LARGE_LIST;
            auto at = [&](int64_t i) {
                return large ? reinterpret_cast<const int64_t *>(offsets)[i]
                             : static_cast<int64_t>(reinterpret_cast<const int32_t *>(offsets)[i]);
            };
            first = at(offset);
            count = at(offset + length) - first;
            if (data.child_data.empty()) part(2, first, count);
            part(1, offset * (large ? 8 : 4), length * (large ? 8 : 4));
            break;
        }
        case arrow::Type::FIXED_SIZE_LIST: {
            const auto size = static_cast<const arrow::FixedSizeListType &>(type).list_size();
            first = offset * size;
            count = length * size;
            break;
        }
        case arrow::Type::STRUCT: break;
        default:
            if (arrow::is_fixed_width(type.id())) {
                const auto bits = static_cast<const arrow::FixedWidthType &>(type).bit_width();
                part(1, offset * bits / 8, length * bits / 8);
            }
    }
    for (const auto &child : data.child_data) forget_data(*child, child->offset + first, count);
}

}  // namespace

void carrow::forget(const arrow::Table &table) {
    for (const auto &column : table.columns()) {
        for (const auto &chunk : column->chunks()) forget_data(*chunk->data(), chunk->offset(), chunk->length());
    }
}

arrow::Result<std::shared_ptr<arrow::Buffer>> carrow::mapped(const char *path) {
    ARROW_ASSIGN_OR_RAISE(auto file, arrow::io::MemoryMappedFile::Open(path, arrow::io::FileMode::READ));
    ARROW_ASSIGN_OR_RAISE(int64_t size, file->GetSize());
    ARROW_ASSIGN_OR_RAISE(auto whole, file->ReadAt(0, size));
    return std::shared_ptr<arrow::Buffer>(std::make_shared<MappedBuffer>(file, whole));
}

std::shared_ptr<arrow::Table> carrow::with_metadata(const carrow_table *table, const char *metadata) {
    if (!metadata) return table->table->ReplaceSchemaMetadata(nullptr);
    return table->table->ReplaceSchemaMetadata(arrow::key_value_metadata({"huggingface"}, {metadata}));
}

void carrow_table_forget(const carrow_table *table) {
    guarded([&] {
        forget(*table->table);
        return arrow::Status::OK();
    });
}

int carrow_read_ipc(const char *path, bool trusted, carrow_table **out) {
    return guarded([&]() -> arrow::Status {
        ARROW_ASSIGN_OR_RAISE(auto whole, mapped(path));
        auto file = std::make_shared<arrow::io::BufferReader>(whole);
        std::shared_ptr<arrow::Schema> schema;
        arrow::RecordBatchVector batches;
        auto take = [&](std::shared_ptr<arrow::RecordBatch> batch) -> arrow::Status {
            if (!trusted) {
                ARROW_RETURN_NOT_OK(batch->ValidateFull());
                ARROW_ASSIGN_OR_RAISE(auto seen, arrow::Table::FromRecordBatches({batch}));
                forget(*seen);
            }
            batches.push_back(std::move(batch));
            return arrow::Status::OK();
        };
        if (whole->size() >= 6 && std::memcmp(whole->data(), "ARROW1", 6) == 0) {
            ARROW_ASSIGN_OR_RAISE(auto reader, arrow::ipc::RecordBatchFileReader::Open(file));
            schema = reader->schema();
            for (int i = 0; i < reader->num_record_batches(); ++i) {
                ARROW_ASSIGN_OR_RAISE(auto batch, reader->ReadRecordBatch(i));
                ARROW_RETURN_NOT_OK(take(batch));
            }
        } else {
            ARROW_ASSIGN_OR_RAISE(auto reader, arrow::ipc::RecordBatchStreamReader::Open(file));
            schema = reader->schema();
            while (true) {
                ARROW_ASSIGN_OR_RAISE(auto batch, reader->Next());
                if (!batch) break;
                ARROW_RETURN_NOT_OK(take(batch));
            }
        }
        ARROW_ASSIGN_OR_RAISE(auto table, arrow::Table::FromRecordBatches(schema, batches));
        for (const auto &field : schema->fields()) {
            auto target = plain_type(field->type());
            if (!target || target->Equals(*field->type())) continue;
            // Pages of an own file are not touched for a check: its only other type is JSON, whose texts stay in place.
            auto made = trusted ? plain(table) : checked(table);
            ARROW_ASSIGN_OR_RAISE(table, made);
            break;
        }
        *out = new carrow_table{std::move(table), marks_of(*schema)};
        return arrow::Status::OK();
    });
}

int carrow_writer_open(
    const carrow_table *schema, const char *metadata, const char *json_marks,
    bool (*write)(void *, const void *, int64_t), void *context, carrow_writer **out) {
    return guarded([&]() -> arrow::Status {
        auto writer = std::make_unique<carrow_writer>();
        writer->output = std::make_unique<CallbackStream>(write, context);
        if (json_marks) writer->json_marks = json_marks;
        writer->schema = json_marked(with_metadata(schema, metadata), writer->marks())->schema();
        ARROW_ASSIGN_OR_RAISE(writer->writer, arrow::ipc::MakeStreamWriter(writer->output.get(), writer->schema));
        *out = writer.release();
        return arrow::Status::OK();
    });
}

int carrow_writer_write(carrow_writer *writer, const carrow_table *table) {
    return guarded([&]() -> arrow::Status {
        auto rows = json_marked(table->table, writer->marks());
        if (!rows->schema()->Equals(*writer->schema, false)) {
            return arrow::Status::Invalid(
                "rows of ", rows->schema()->ToString(), " after rows of ", writer->schema->ToString());
        }
        // One batch, however many pieces the rows come in.
        ARROW_ASSIGN_OR_RAISE(auto whole, rows->CombineChunks());
        if (whole->num_rows() > 0) writer->has_batch = true;
        return writer->writer->WriteTable(*whole);
    });
}

int carrow_writer_close(carrow_writer *writer) {
    return guarded([&]() -> arrow::Status {
        if (!writer->has_batch) {
            // Python can't tell the types of columns without nulls from a stream without batches.
            ARROW_ASSIGN_OR_RAISE(auto empty, empty_table(writer->schema));
            arrow::ArrayVector columns;
            for (const auto &column : empty->columns()) columns.push_back(column->chunk(0));
            ARROW_RETURN_NOT_OK(
                writer->writer->WriteRecordBatch(*arrow::RecordBatch::Make(writer->schema, 0, columns)));
        }
        return writer->writer->Close();
    });
}

void carrow_writer_release(carrow_writer *writer) { delete writer; }
