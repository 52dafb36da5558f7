#include "Sources.hpp"

#include <arrow/io/compressed.h>
#include <arrow/util/compression.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "Streams.hpp"

using namespace carrow;

namespace {

/// More than this is not unpacked into memory in one piece.
constexpr int64_t largest_whole = int64_t(16) << 30;

/// A part of a file between bytes that are not in it: a member of a zip archive in the clothes of a gzip file.
class PartStream : public arrow::io::InputStream {
public:
    PartStream(
        std::shared_ptr<arrow::io::RandomAccessFile> file, int64_t offset, int64_t length, std::string before,
        std::string after)
        : file_(std::move(file)),
          offset_(offset),
          length_(length),
          before_(std::move(before)),
          after_(std::move(after)) {}

    arrow::Status Close() override {
        closed_ = true;
        return arrow::Status::OK();
    }
    bool closed() const override { return closed_; }
    arrow::Result<int64_t> Tell() const override { return position_; }

    arrow::Result<int64_t> Read(int64_t count, void *out) override {
        auto target = static_cast<uint8_t *>(out);
        int64_t done = 0;
        auto copy = [&](const std::string &text, int64_t start) {
            const int64_t from = position_ - start;
            if (done == count || from < 0 || from >= static_cast<int64_t>(text.size())) return;
            const int64_t size = std::min(count - done, static_cast<int64_t>(text.size()) - from);
            std::memcpy(target + done, text.data() + from, size);
            done += size;
            position_ += size;
        };
        const auto head = static_cast<int64_t>(before_.size());
        copy(before_, 0);
        if (done < count && position_ >= head && position_ < head + length_) {
            const int64_t from = position_ - head;
            const int64_t wanted = std::min(count - done, length_ - from);
            ARROW_ASSIGN_OR_RAISE(int64_t read, file_->ReadAt(offset_ + from, wanted, target + done));
            if (read == 0) return arrow::Status::IOError("the archive is cut off");
            done += read;
            position_ += read;
        }
        copy(after_, head + length_);
        return done;
    }

    arrow::Result<std::shared_ptr<arrow::Buffer>> Read(int64_t count) override {
        ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateResizableBuffer(count));
        ARROW_ASSIGN_OR_RAISE(int64_t read, Read(count, buffer->mutable_data()));
        ARROW_RETURN_NOT_OK(buffer->Resize(read));
        return std::shared_ptr<arrow::Buffer>(std::move(buffer));
    }

private:
    std::shared_ptr<arrow::io::RandomAccessFile> file_;
    int64_t offset_, length_, position_ = 0;
    std::string before_, after_;
    bool closed_ = false;
};

std::string little_endian(uint32_t value) {
    std::string bytes;
    for (int shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<char>(value >> shift & 0xFF));
    return bytes;
}

}  // namespace

arrow::Result<std::shared_ptr<arrow::io::InputStream>> carrow::open_stream(const carrow_source &source) {
    const std::string packing = source.packing;
    ARROW_ASSIGN_OR_RAISE(auto file, arrow::io::ReadableFile::Open(source.path));
    if (packing.empty()) return file;
    if (packing == "stored") {
        return std::make_shared<PartStream>(file, source.offset, source.length, std::string(), std::string());
    }
    std::shared_ptr<arrow::io::InputStream> packed = file;
    auto codec_type = arrow::Compression::GZIP;
    if (packing == "deflate") {
        // A gzip file is the same data between a header and the checksum and size of the contents.
        packed = std::make_shared<PartStream>(
            file, source.offset, source.length, std::string("\x1f\x8b\x08\0\0\0\0\0\0\x03", 10),
            little_endian(source.checksum) + little_endian(static_cast<uint32_t>(source.size)));
    } else if (packing == "bz2") {
        codec_type = arrow::Compression::BZ2;
    } else if (packing == "zst") {
        codec_type = arrow::Compression::ZSTD;
    } else if (packing == "lz4") {
        codec_type = arrow::Compression::LZ4_FRAME;
    } else if (packing == "xz") {
        return open_xz(packed);
    }
    ARROW_ASSIGN_OR_RAISE(auto codec, arrow::util::Codec::Create(codec_type));
    ARROW_ASSIGN_OR_RAISE(auto stream, arrow::io::CompressedInputStream::Make(codec.get(), packed));
    // The stream makes a decompressor of its own, but does not say that it needs the codec no more.
    struct Kept {
        std::unique_ptr<arrow::util::Codec> codec;
        std::shared_ptr<arrow::io::InputStream> stream;
    };
    auto kept = std::make_shared<Kept>(Kept{std::move(codec), stream});
    return std::shared_ptr<arrow::io::InputStream>(kept, kept->stream.get());
}

arrow::Result<std::shared_ptr<arrow::io::RandomAccessFile>> carrow::open_whole(const carrow_source &source) {
    if (!*source.packing) {
        ARROW_ASSIGN_OR_RAISE(auto whole, mapped(source.path));
        return std::make_shared<arrow::io::BufferReader>(whole);
    }
    ARROW_ASSIGN_OR_RAISE(auto stream, open_stream(source));
    arrow::BufferBuilder builder;
    constexpr int64_t step = 4 << 20;
    while (true) {
        ARROW_ASSIGN_OR_RAISE(auto piece, stream->Read(step));
        if (piece->size() == 0) break;
        if (builder.length() + piece->size() > largest_whole) {
            return problem("the file has more than 16 GB when it is unpacked", "Unpack it first.");
        }
        ARROW_RETURN_NOT_OK(builder.Append(piece->data(), piece->size()));
    }
    ARROW_ASSIGN_OR_RAISE(auto buffer, builder.Finish());
    return std::make_shared<arrow::io::BufferReader>(buffer);
}
