// The memory of tensors on the CPU.
//
// The system's allocator gives large buffers back as soon as they are free, at the latest when a step ends, and the
// next step gets them anew, page by page, each cleared first. Here freed buffers stay for the next ones, whose sizes
// differ from step to step with packed batches, in pages of two megabytes, which cost fewer misses of the address
// cache.
#include "memory.h"

#include "boundary.h"

#if defined(__linux__)

#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/alloc_cpu.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <set>
#include <unordered_map>
#include <utility>

namespace ct {

namespace {

/// Less is the system's: small objects of all ages would lie between the buffers.
constexpr size_t kLeast = 1 << 14;
/// Of a buffer's size, and so of its address: a line of the cache.
constexpr size_t kGrain = 64;
constexpr size_t kLargePage = 2 << 20;
/// What is asked of the system at once.
constexpr size_t kChunk = 32 << 20;
/// Free memory beyond this, and beyond as much as is in use, goes back to the system, in whole chunks.
constexpr size_t kMostFree = 512 << 20;

constexpr size_t round_up(size_t n, size_t to) { return (n + to - 1) / to * to; }

/// A part of a chunk, between its neighbours there.
struct Block {
  char *start;
  size_t size;
  Block *before, *after;
  /// Whether nothing has been written to it since it came from the system, which clears what it gives.
  bool is_zero;
  bool is_free = true;

  bool is_chunk() const { return before == nullptr && after == nullptr; }
};

/// The smallest first, of equals the lowest: so that buffers crowd at one end.
struct BySize {
  bool operator()(const Block *a, const Block *b) const {
    return a->size != b->size ? a->size < b->size : a->start < b->start;
  }
};

char *map_chunk(size_t size) {
  // A mapping begins at a page of 4 kB; what is too much before and after a boundary of 2 MB is unmapped.
  void *given = mmap(nullptr, size + kLargePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (given == MAP_FAILED) return nullptr;
  const auto address = reinterpret_cast<uintptr_t>(given);
  char *const start = reinterpret_cast<char *>(round_up(address, kLargePage));
  const size_t before = reinterpret_cast<uintptr_t>(start) - address;
  if (before > 0) munmap(given, before);
  if (before < kLargePage) munmap(start + size, kLargePage - before);
  // Where the system has no large pages this fails, and small ones do.
  madvise(start, size, MADV_HUGEPAGE);
  return start;
}

class Buffers final : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t bytes) override {
    bool is_zero;
    return allocate(bytes, is_zero);
  }

  c10::DataPtr allocate(size_t bytes, bool &is_zero) {
    is_zero = false;
    void *start = nullptr;
    if (bytes >= kLeast && bytes <= SIZE_MAX - 2 * kLargePage) start = take(round_up(bytes, kGrain), is_zero);
    // This one throws, with a sentence, where there is no memory.
    if (start == nullptr) start = c10::alloc_cpu(bytes);
    return {start, start, release, c10::Device(c10::DeviceType::CPU)};
  }

  /// The library for products in bfloat16 asks for memory without an owner, which takes one way to free it all.
  c10::DeleterFnPtr raw_deleter() const override { return release; }

  void copy_data(void *to, const void *from, std::size_t count) const override { default_copy_data(to, from, count); }

  ct_kept_memory kept() {
    const std::lock_guard guard(lock_);
    return {total_, total_ - free_bytes_};
  }

  void release_free() {
    const std::lock_guard guard(lock_);
    unmap_free_chunks(0);
  }

  /// Never destroyed: tensors may outlive any other object.
  static Buffers &all() {
    static Buffers *const buffers = new Buffers;
    return *buffers;
  }

 private:
  void *take(size_t size, bool &is_zero) {
    const std::lock_guard guard(lock_);
    Block wanted{nullptr, size, nullptr, nullptr, false};
    auto entry = free_.lower_bound(&wanted);
    if (entry == free_.end()) {
      const size_t asked = size > kChunk / 2 ? round_up(size, kLargePage) : kChunk;
      char *start = map_chunk(asked);
      if (start == nullptr) {
        unmap_free_chunks(0);
        start = map_chunk(asked);
      }
      if (start == nullptr) return nullptr;
      total_ += asked;
      free_bytes_ += asked;
      entry = free_.insert(new Block{start, asked, nullptr, nullptr, true}).first;
    }
    Block *const block = *entry;
    free_.erase(entry);
    if (block->size > size) {
      Block *const rest = new Block{block->start + size, block->size - size, block, block->after, block->is_zero};
      if (rest->after != nullptr) rest->after->before = rest;
      block->after = rest;
      block->size = size;
      free_.insert(rest);
    }
    block->is_free = false;
    is_zero = std::exchange(block->is_zero, false);
    free_bytes_ -= size;
    used_.emplace(block->start, block);
    return block->start;
  }

  static void release(void *start) {
    if (!all().give(start)) c10::free_cpu(start);
  }

  /// Whether it was taken here.
  bool give(void *start) {
    const std::lock_guard guard(lock_);
    const auto entry = used_.find(start);
    if (entry == used_.end()) return false;
    Block *block = entry->second;
    used_.erase(entry);
    free_bytes_ += block->size;
    block->is_free = true;
    if (block->after != nullptr && block->after->is_free) join(block, block->after);
    if (block->before != nullptr && block->before->is_free) {
      block = block->before;
      join(block, block->after);
    }
    free_.insert(block);
    // In training a step's buffers take about as much as weights and moments, which stay.
    const size_t most = std::max(kMostFree, total_ - free_bytes_);
    if (free_bytes_ > most && block->is_chunk()) unmap_free_chunks(most);
    return true;
  }

  /// Two free neighbours. Neither is in `free_` afterwards.
  void join(Block *first, Block *second) {
    free_.erase(first);
    free_.erase(second);
    first->size += second->size;
    first->is_zero = first->is_zero && second->is_zero;
    first->after = second->after;
    if (first->after != nullptr) first->after->before = first;
    delete second;
  }

  /// The largest first, until at most `kept` bytes are free.
  void unmap_free_chunks(size_t kept) {
    for (auto entry = free_.end(); entry != free_.begin() && free_bytes_ > kept;) {
      Block *const block = *--entry;
      if (!block->is_chunk()) continue;
      entry = free_.erase(entry);
      munmap(block->start, block->size);
      total_ -= block->size;
      free_bytes_ -= block->size;
      delete block;
    }
  }

  std::mutex lock_;
  std::set<Block *, BySize> free_;
  std::unordered_map<void *, Block *> used_;
  size_t total_ = 0, free_bytes_ = 0;
};

/// Before anything allocates: a library's own allocator has priority 0.
const bool is_registered = [] {
  c10::SetCPUAllocator(&Buffers::all(), 1);
  return true;
}();

}  // namespace

c10::DataPtr zero_memory(size_t bytes) {
  bool is_zero;
  c10::DataPtr memory = Buffers::all().allocate(bytes, is_zero);
  if (!is_zero) std::memset(memory.get(), 0, bytes);
  return memory;
}

void prepare_writing(const float *begin, int64_t count) {
  constexpr uintptr_t page = 4096;
  const uintptr_t start = reinterpret_cast<uintptr_t>(begin) / page * page;
  const uintptr_t end = round_up(reinterpret_cast<uintptr_t>(begin + count), page);
  // A system before Linux 5.14 doesn't know it, and provides pages when they are written to.
  constexpr int populate_write = 23;
  madvise(reinterpret_cast<void *>(start), end - start, populate_write);
}

}  // namespace ct

ct_kept_memory ct_memory_kept(void) { return ct::Buffers::all().kept(); }

void ct_memory_release(void) { ct::Buffers::all().release_free(); }

#else

#include <c10/core/CPUAllocator.h>

#include <cstring>

namespace ct {

c10::DataPtr zero_memory(size_t bytes) {
  c10::DataPtr memory = c10::GetCPUAllocator()->allocate(bytes);
  std::memset(memory.get(), 0, bytes);
  return memory;
}

void prepare_writing(const float *, int64_t) {}

}  // namespace ct

ct_kept_memory ct_memory_kept(void) { return {0, 0}; }

void ct_memory_release(void) {}

#endif
