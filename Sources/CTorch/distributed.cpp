// The store that the processes of a run share, and their collective operations.
#include "distributed.h"

#include <ATen/ops/empty_like.h>
#include <arpa/inet.h>
#include <c10/util/Flags.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <torch/csrc/distributed/c10d/comm.hpp>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <sstream>

#include "nccl/load.h"

C10_DECLARE_int(caffe2_log_level);

namespace {

std::chrono::milliseconds milliseconds(int64_t count) { return std::chrono::milliseconds(count); }

/// Of this machine, as the machine at `host` sees it: the way to there is also the way from there.
std::string address_towards(const std::string &host, uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo *found = nullptr;
  const int code = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  TORCH_CHECK(code == 0, "the host '", host, "' is not known: ", gai_strerror(code));
  std::unique_ptr<addrinfo, void (*)(addrinfo *)> list(found, freeaddrinfo);
  for (const addrinfo *entry = found; entry != nullptr; entry = entry->ai_next) {
    const int descriptor = socket(entry->ai_family, SOCK_DGRAM, 0);
    if (descriptor < 0) continue;
    sockaddr_storage own{};
    socklen_t length = sizeof(own);
    // Nothing is sent: connecting a datagram socket only looks up the route.
    const bool is_routed = connect(descriptor, entry->ai_addr, entry->ai_addrlen) == 0 &&
                           getsockname(descriptor, reinterpret_cast<sockaddr *>(&own), &length) == 0;
    close(descriptor);
    char text[NI_MAXHOST];
    if (is_routed && getnameinfo(
                         reinterpret_cast<sockaddr *>(&own), length, text, sizeof(text), nullptr, 0,
                         NI_NUMERICHOST) == 0) {
      return text;
    }
  }
  TORCH_CHECK(false, "there is no route to the host '", host, "'");
}

/// Whether every address that the host has is one that only this machine reaches.
bool is_loopback(const std::string &host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo *found = nullptr;
  if (getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) return false;
  std::unique_ptr<addrinfo, void (*)(addrinfo *)> list(found, freeaddrinfo);
  for (const addrinfo *entry = found; entry != nullptr; entry = entry->ai_next) {
    if (entry->ai_family == AF_INET) {
      const auto *address = reinterpret_cast<const sockaddr_in *>(entry->ai_addr);
      if ((ntohl(address->sin_addr.s_addr) >> 24) != 127) return false;
    } else if (entry->ai_family == AF_INET6) {
      const auto *address = reinterpret_cast<const sockaddr_in6 *>(entry->ai_addr);
      if (!IN6_IS_ADDR_LOOPBACK(&address->sin6_addr)) return false;
    } else {
      return false;
    }
  }
  return true;
}

/// A socket at a loopback host's port, of which 0 becomes a free one. c10d itself would listen on every interface, and
/// its store asks nobody who they are.
int loopback_socket(const std::string &host, uint16_t &port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo *found = nullptr;
  const int code = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  TORCH_CHECK(code == 0, "the host '", host, "' is not known: ", gai_strerror(code));
  std::unique_ptr<addrinfo, void (*)(addrinfo *)> list(found, freeaddrinfo);
  std::string reason = "it has no address";
  // IPv4 first: of 'localhost' every machine has that one.
  for (const int family : {AF_INET, AF_INET6}) {
    for (const addrinfo *entry = found; entry != nullptr; entry = entry->ai_next) {
      if (entry->ai_family != family) continue;
      const int descriptor = socket(family, SOCK_STREAM, 0);
      if (descriptor < 0) continue;
      fcntl(descriptor, F_SETFD, FD_CLOEXEC);
      const int on = 1;
      setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
      sockaddr_storage own{};
      socklen_t length = sizeof(own);
      if (bind(descriptor, entry->ai_addr, entry->ai_addrlen) == 0 &&
          getsockname(descriptor, reinterpret_cast<sockaddr *>(&own), &length) == 0) {
        port = ntohs(
            family == AF_INET ? reinterpret_cast<sockaddr_in *>(&own)->sin_port
                              : reinterpret_cast<sockaddr_in6 *>(&own)->sin6_port);
        return descriptor;
      }
      reason = std::strerror(errno);
      close(descriptor);
    }
  }
  TORCH_CHECK(false, "can't listen at ", host, ":", port, ": ", reason);
}

/// Runs a collective operation, and says so to the other ranks.
template <typename Body>
int32_t collective(const ct_group *group, const char *operation, Body &&body) {
  return ct::boundary([&] {
    group->value->heartbeat.enter(operation);
    body(*group->value);
    group->value->heartbeat.leave();
  });
}

/// What Gloo can send: dense.
at::Tensor dense(const ct_tensor *tensor) { return ct::get(tensor).detach().contiguous(); }

#ifdef SWIFTLET_GLOO
/// Where Gloo connects. One connection between two processes fills only half of what a machine can move (two
/// processes, 42 MiB in ten portions: 37 ms by one, 26 ms by four), but each process has one to each of the others, so
/// large groups have to do with one.
std::vector<std::shared_ptr<::gloo::transport::Device>> gloo_devices(
    const char *master_host, uint16_t master_port, int32_t size) {
  constexpr size_t kConnections = 4;
  constexpr int32_t kSmallGroup = 16;
  std::vector<std::function<std::shared_ptr<::gloo::transport::Device>()>> makers;
  const char *names = std::getenv("GLOO_SOCKET_IFNAME");
  if (names != nullptr && *names != 0) {
    std::stringstream list(names);
    for (std::string name; std::getline(list, name, ',');)
      makers.push_back([name] { return c10d::ProcessGroupGloo::createDeviceForInterface(name); });
  } else {
    const std::string address = address_towards(master_host, master_port);
    makers.push_back([address] { return c10d::ProcessGroupGloo::createDeviceForHostname(address); });
  }
  const size_t count = std::max(makers.size(), size <= kSmallGroup ? kConnections : 1);
  std::vector<std::shared_ptr<::gloo::transport::Device>> devices;
  for (size_t i = 0; i < count; ++i) devices.push_back(makers[i % makers.size()]());
  return devices;
}
#endif

}  // namespace

// MARK: The store

int32_t ct_store_open(const char *host, uint16_t port, bool serves, int64_t timeout_ms, ct_store **out) {
  return ct::boundary([&] {
    // c10d's own warnings come with a C++ backtrace; what they are about ends in an error of ours.
    if (std::getenv("TORCH_CPP_LOG_LEVEL") == nullptr) FLAGS_caffe2_log_level = 3;
    c10d::TCPStoreOptions options;
    options.port = port;
    options.isServer = serves;
    options.waitWorkers = false;
    options.timeout = milliseconds(timeout_ms);
    if (serves && is_loopback(host)) options.masterListenFd = loopback_socket(host, options.port);
    *out = new ct_store{c10::make_intrusive<c10d::TCPStore>(host, options)};
  });
}

int32_t ct_store_prefixed(const ct_store *store, const char *prefix, ct_store **out) {
  return ct::boundary([&] { *out = new ct_store{c10::make_intrusive<c10d::PrefixStore>(prefix, store->value)}; });
}

void ct_store_free(ct_store *store) {
  ct::boundary([&] { delete store; });
}

int32_t ct_store_port(const ct_store *store, uint16_t *out) {
  return ct::boundary([&] {
    auto *tcp = dynamic_cast<c10d::TCPStore *>(store->value.get());
    TORCH_CHECK(tcp != nullptr, "only the store itself knows its port");
    *out = tcp->getPort();
  });
}

int32_t ct_store_set(const ct_store *store, const char *key, const void *bytes, size_t count) {
  return ct::boundary([&] {
    const auto *first = static_cast<const uint8_t *>(bytes);
    store->value->set(key, std::vector<uint8_t>(first, first + count));
  });
}

int32_t ct_store_get(const ct_store *store, const char *key, ct_tensor **out) {
  return ct::boundary([&] {
    const std::vector<uint8_t> bytes = store->value->get(key);
    at::Tensor value = at::empty({static_cast<int64_t>(bytes.size())}, at::kByte);
    if (!bytes.empty()) std::memcpy(value.mutable_data_ptr(), bytes.data(), bytes.size());
    ct::give(std::move(value), out);
  });
}

int32_t ct_store_check(const ct_store *store, const char *key, bool *out) {
  return ct::boundary([&] { *out = store->value->check({key}); });
}

int32_t ct_store_add(const ct_store *store, const char *key, int64_t amount, int64_t *out) {
  return ct::boundary([&] { *out = store->value->add(key, amount); });
}

int32_t ct_store_wait(const ct_store *store, const char *key, int64_t timeout_ms) {
  return ct::boundary([&] { store->value->wait({key}, milliseconds(timeout_ms)); });
}

// MARK: The group

bool ct_gloo_available(void) {
#ifdef SWIFTLET_GLOO
  return true;
#else
  return false;
#endif
}

bool ct_nccl_available(void) { return ct::nccl().backend != nullptr; }

int32_t ct_nccl_state(const char **out) {
  return ct::boundary([&] { *out = ct::nccl().state.c_str(); });
}

int32_t ct_group_new(
    const ct_store *store, const char *master_host, uint16_t master_port, int32_t rank, int32_t size,
    int64_t timeout_ms, bool uses_nccl, ct_group **out) {
  return ct::boundary([&] {
    const auto timeout = milliseconds(timeout_ms);
    char host[256] = "";
    gethostname(host, sizeof(host) - 1);
    // A connection of its own: one that waits would keep the other from being heard.
    auto own_store = store->value->clone();
    // The search for who is missing may be as short as an operation, and has to hear each rank more than once.
    const auto group = c10::make_intrusive<ct::Group>(
        store->value, rank, size, std::string(host) + ", process " + std::to_string(getpid()), own_store, timeout / 6);
#ifdef SWIFTLET_GLOO
    auto options = c10d::ProcessGroupGloo::Options::create(timeout);
    options->devices = gloo_devices(master_host, master_port, size);
    // Two for each, as c10d has them for one.
    options->threads = static_cast<int>(2 * options->devices.size());
    const auto gloo = c10::make_intrusive<c10d::ProcessGroupGloo>(
        c10::make_intrusive<c10d::PrefixStore>("gloo/", store->value), rank, size, options);
    group->setBackend(c10::DeviceType::CPU, c10d::ProcessGroup::BackendType::GLOO, gloo);
    group->setDefaultBackend(c10d::ProcessGroup::BackendType::GLOO);
#else
    TORCH_CHECK(uses_nccl, "this build has no Gloo, because its headers were missing");
#endif
    if (uses_nccl) {
      TORCH_CHECK(ct::nccl().backend != nullptr, "there is no NCCL: ", ct::nccl().state);
      c10::intrusive_ptr<c10d::Backend> nccl;
      const auto nccl_store = c10::make_intrusive<c10d::PrefixStore>("nccl/", store->value);
      ct::nccl().backend(nccl_store, rank, size, timeout_ms, nccl);
      group->setBackend(c10::DeviceType::CUDA, c10d::ProcessGroup::BackendType::NCCL, nccl);
    }
    *out = new ct_group{group};
  });
}

void ct_group_free(ct_group *group) {
  ct::boundary([&] { delete group; });
}

int32_t ct_group_all_reduce(const ct_group *group, const char *operation, const ct_tensor *tensor, ct_reduce_op op) {
  return collective(group, operation, [&](ct::Group &value) {
    c10d::AllreduceOptions options;
    options.reduceOp = op == CT_REDUCE_OP_MAX   ? c10d::ReduceOp::MAX
                       : op == CT_REDUCE_OP_MIN ? c10d::ReduceOp::MIN
                                                : c10d::ReduceOp::SUM;
    std::vector<at::Tensor> tensors{ct::get(tensor).detach()};
    TORCH_CHECK(tensors[0].is_contiguous(), "a tensor to reduce must be dense");
    value.allreduce(tensors, options)->wait();
    // The backend counts no versions.
    ct::count_write({ct::get(tensor)});
  });
}

int32_t ct_group_broadcast(
    const ct_group *group, const char *operation, const ct_tensor *const *tensors, int32_t count, int32_t root) {
  return collective(group, operation, [&](ct::Group &value) {
    c10::NoGradGuard no_grad;
    std::vector<at::Tensor> list;
    for (int32_t i = 0; i < count; ++i) list.push_back(ct::get(tensors[i]).detach());
    constexpr size_t buffer_size = size_t{64} << 20;
    c10d::broadcast_coalesced(c10::intrusive_ptr<c10d::ProcessGroup>(group->value), list, buffer_size, root);
  });
}

int32_t ct_group_all_gather(const ct_group *group, const char *operation, const ct_tensor *tensor, ct_tensor **out) {
  return collective(group, operation, [&](ct::Group &value) {
    std::vector<at::Tensor> inputs{dense(tensor)};
    std::vector<std::vector<at::Tensor>> outputs(1);
    for (int i = 0; i < value.getSize(); ++i) outputs[0].push_back(at::empty_like(inputs[0]));
    value.allgather(outputs, inputs)->wait();
    ct::give(std::move(outputs[0]), out);
  });
}

int32_t ct_group_barrier(const ct_group *group, const char *operation) {
  return collective(group, operation, [&](ct::Group &value) { value.barrier()->wait(); });
}

int32_t ct_group_end(const ct_group *group, bool failed, const char *reason) {
  return ct::boundary([&] { group->value->heartbeat.end(failed ? 'f' : 'd', reason); });
}

int32_t ct_group_survey(const ct_group *group, int64_t limit_ms, ct_tensor **out) {
  return ct::boundary([&] {
    const std::string lines = group->value->heartbeat.survey(milliseconds(limit_ms));
    at::Tensor value = at::empty({static_cast<int64_t>(lines.size())}, at::kByte);
    if (!lines.empty()) std::memcpy(value.mutable_data_ptr(), lines.data(), lines.size());
    ct::give(std::move(value), out);
  });
}
