// Files as they lie on the disk: plain, compressed, or within a zip archive.
#pragma once

#include <arrow/io/api.h>

#include "Bridge.hpp"

namespace carrow {

/// A place to read the file's own bytes from, one after the other.
arrow::Result<std::shared_ptr<arrow::io::InputStream>> open_stream(const carrow_source &source);

/// The whole file for reading at any place: mapped where it is plain, else unpacked into memory.
arrow::Result<std::shared_ptr<arrow::io::RandomAccessFile>> open_whole(const carrow_source &source);

/// The bytes of an XZ file, by the system's liblzma.
arrow::Result<std::shared_ptr<arrow::io::InputStream>> open_xz(std::shared_ptr<arrow::io::InputStream> packed);

}  // namespace carrow
