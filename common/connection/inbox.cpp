#include "common/connection/inbox.hpp"

namespace culvert {

void Inbox::drop_front(std::size_t bytes) noexcept {
    auto piece = pieces_.begin();
    for (; piece != pieces_.end() && bytes >= piece->size(); ++piece) bytes -= piece->size();
    pieces_.erase(pieces_.begin(), piece);
    if (bytes > 0) pieces_.front() = pieces_.front().subspan(bytes);
}

}  // namespace culvert
