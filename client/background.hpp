#pragma once

#include "common/base/unique_fd.hpp"

namespace culvert {

/// What becomes of stderr in the background.
enum class BackgroundStderr { is_let_go, stays };

/// -f: the work is done by a child, while the caller's process waits until that says it is ready.
/// Then it gets a session of its own. To be made before anything else: threads don't survive it.
class Background {
public:
    /// Forks. Returns in the child; the parent ends when the child is ready (0) or has ended (with
    /// its exit code). Throws Error{internal}.
    static Background enter();

    /// The parent may go. So are the standard streams: whoever reads them to their end waits for
    /// as long as somebody has them.
    void ready(BackgroundStderr messages);

private:
    explicit Background(UniqueFd to_parent) noexcept : to_parent_{std::move(to_parent)} {}

    UniqueFd to_parent_;
};

}  // namespace culvert
