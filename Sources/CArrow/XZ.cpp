// XZ files, for which Arrow has no codec. Nearly every system has liblzma, so that it is looked for when it is needed,
// not linked.

#include <dlfcn.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "Sources.hpp"

using namespace carrow;

namespace {

/// `lzma_stream` of liblzma 5, whose layout is part of its stable binary interface (lzma/base.h).
struct LzmaStream {
    const uint8_t *next_in;
    size_t avail_in;
    uint64_t total_in;
    uint8_t *next_out;
    size_t avail_out;
    uint64_t total_out;
    const void *allocator;
    void *internal;
    void *reserved_pointers[4];
    uint64_t seek_position;
    uint64_t reserved_integer;
    size_t reserved_sizes[2];
    int reserved_enums[2];
};

struct Lzma {
    int (*stream_decoder)(LzmaStream *, uint64_t memory_limit, uint32_t flags) = nullptr;
    int (*code)(LzmaStream *, int action) = nullptr;
    void (*end)(LzmaStream *) = nullptr;

    static const Lzma *shared() {
        static const Lzma library = [] {
            Lzma found;
            for (const char *name : {"liblzma.so.5", "liblzma.5.dylib", "/usr/lib/liblzma.5.dylib"}) {
                void *handle = dlopen(name, RTLD_NOW | RTLD_LOCAL);
                if (!handle) continue;
                found.stream_decoder =
                    reinterpret_cast<decltype(found.stream_decoder)>(dlsym(handle, "lzma_stream_decoder"));
                found.code = reinterpret_cast<decltype(found.code)>(dlsym(handle, "lzma_code"));
                found.end = reinterpret_cast<decltype(found.end)>(dlsym(handle, "lzma_end"));
                break;
            }
            return found;
        }();
        return library.stream_decoder && library.code && library.end ? &library : nullptr;
    }
};

constexpr int lzma_ok = 0, lzma_stream_end = 1, lzma_memory_limit = 6, lzma_buffer = 10;
constexpr int lzma_run = 0, lzma_finish = 3;
constexpr uint32_t lzma_concatenated = 0x08;
/// What the decoder may take: presets of `xz` need 65 MB at most.
constexpr uint64_t memory_limit = uint64_t(1) << 30;

class XZStream : public arrow::io::InputStream {
public:
    XZStream(std::shared_ptr<arrow::io::InputStream> packed, const Lzma *library)
        : packed_(std::move(packed)), library_(library) {
        std::memset(&state_, 0, sizeof state_);
    }
    ~XZStream() override { library_->end(&state_); }

    arrow::Status Start() {
        if (library_->stream_decoder(&state_, memory_limit, lzma_concatenated) != lzma_ok) {
            return arrow::Status::OutOfMemory("the XZ decoder can't start");
        }
        return arrow::Status::OK();
    }

    arrow::Status Close() override {
        closed_ = true;
        return arrow::Status::OK();
    }
    bool closed() const override { return closed_; }
    arrow::Result<int64_t> Tell() const override { return static_cast<int64_t>(state_.total_out); }

    arrow::Result<int64_t> Read(int64_t count, void *out) override {
        state_.next_out = static_cast<uint8_t *>(out);
        state_.avail_out = static_cast<size_t>(count);
        while (state_.avail_out > 0 && !is_done_) {
            if (state_.avail_in == 0 && !input_ended_) {
                ARROW_ASSIGN_OR_RAISE(input_, packed_->Read(1 << 20));
                state_.next_in = input_->data();
                state_.avail_in = static_cast<size_t>(input_->size());
                input_ended_ = input_->size() == 0;
            }
            const int status = library_->code(&state_, input_ended_ ? lzma_finish : lzma_run);
            if (status == lzma_stream_end) {
                is_done_ = true;
            } else if (status == lzma_memory_limit) {
                return problem("unpacking the XZ file needs more than 1 GB", "Unpack it with 'xz -d' first.");
            } else if (status != lzma_ok) {
                return arrow::Status::IOError(
                    status == lzma_buffer ? "the XZ data is cut off" : "the XZ data is damaged");
            }
        }
        return count - static_cast<int64_t>(state_.avail_out);
    }

    arrow::Result<std::shared_ptr<arrow::Buffer>> Read(int64_t count) override {
        ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateResizableBuffer(count));
        ARROW_ASSIGN_OR_RAISE(int64_t read, Read(count, buffer->mutable_data()));
        ARROW_RETURN_NOT_OK(buffer->Resize(read));
        return std::shared_ptr<arrow::Buffer>(std::move(buffer));
    }

private:
    std::shared_ptr<arrow::io::InputStream> packed_;
    const Lzma *library_;
    LzmaStream state_;
    std::shared_ptr<arrow::Buffer> input_;
    bool input_ended_ = false, is_done_ = false, closed_ = false;
};

}  // namespace

arrow::Result<std::shared_ptr<arrow::io::InputStream>> carrow::open_xz(std::shared_ptr<arrow::io::InputStream> packed) {
    const Lzma *library = Lzma::shared();
    if (!library) {
        return problem(
            "the file is packed with XZ, and this system has no liblzma",
            "Unpack it with 'xz -d', or install liblzma (Debian: liblzma5, Fedora: xz-libs).");
    }
    auto stream = std::make_shared<XZStream>(std::move(packed), library);
    ARROW_RETURN_NOT_OK(stream->Start());
    return stream;
}
