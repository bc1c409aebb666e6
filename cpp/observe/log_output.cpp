#include "observe/log_output.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

namespace mythos::observe {

void LogOutput::append(std::string_view line) {
    gathered_.append(line).append(1, '\n');
    if (gathered_.size() >= kLogWriteBytes) flush();
}

// The file first: a stream that nobody reads may hold this thread up.
void LogOutput::flush() {
    if (file_ != nullptr) file_->write(gathered_);
    write_to_stream();
    gathered_.clear();
}

void LogOutput::write_to_stream() {
    std::string_view left = gathered_;
    while (!left.empty()) {
        const ssize_t written = ::write(stream_, left.data(), left.size());
        if (written >= 0) {
            left.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno == EAGAIN) {
            // Somebody made the stream non-blocking; this thread may wait, those who log do not.
            pollfd wait{stream_, POLLOUT, 0};
            ::poll(&wait, 1, -1);
        } else if (errno != EINTR) {
            unwritten_.fetch_add(left.size(), std::memory_order_relaxed);
            return;
        }
    }
}

}  // namespace mythos::observe
