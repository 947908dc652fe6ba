#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace culvert {

/// Lines that wait to be written: a ring of bytes of one size, so that none of them takes memory.
class LogQueue {
public:
    explicit LogQueue(std::size_t capacity) : bytes_(capacity) {}

    bool empty() const noexcept { return size_ == 0; }
    std::size_t capacity() const noexcept { return bytes_.size(); }
    std::size_t free() const noexcept { return bytes_.size() - size_; }

    /// False, and nothing is done, where there is no room for all of it.
    bool push(std::string_view text) noexcept {
        if (text.size() > free()) return false;
        const std::size_t end = (begin_ + size_) % bytes_.size();
        const std::size_t first = std::min(text.size(), bytes_.size() - end);
        std::ranges::copy(text.substr(0, first), bytes_.begin() + static_cast<long>(end));
        std::ranges::copy(text.substr(first), bytes_.begin());
        size_ += text.size();
        return true;
    }

    /// Copies the beginning: whole lines if one fits at all, otherwise a part of the first one.
    std::string_view peek(std::span<char> part) const noexcept {
        const std::size_t most = std::min(part.size(), size_);
        for (std::size_t i = 0; i < most; ++i) part[i] = at(i);
        std::string_view text{part.data(), most};
        if (most == size_) return text;
        const std::size_t last_line_end = text.rfind('\n');
        return last_line_end == text.npos ? text : text.substr(0, last_line_end + 1);
    }

    void pop(std::size_t size) noexcept {
        begin_ = (begin_ + size) % bytes_.size();
        size_ -= size;
    }

    /// Takes everything out. Returns how many lines that were, the rest of one included.
    std::size_t clear() noexcept {
        std::size_t lines = 0;
        for (std::size_t i = 0; i < size_; ++i) lines += at(i) == '\n' ? 1 : 0;
        pop(size_);
        return lines;
    }

private:
    char at(std::size_t place) const noexcept { return bytes_[(begin_ + place) % bytes_.size()]; }

    std::vector<char> bytes_;
    std::size_t begin_ = 0;
    std::size_t size_ = 0;
};

}  // namespace culvert
