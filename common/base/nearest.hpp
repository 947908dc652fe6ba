#pragma once

#include <span>
#include <string>
#include <string_view>

namespace culvert {

/// The candidate that `word` was probably meant to be, for "did you mean": the one with the fewest
/// edits (insert, delete, replace, swap of neighbours; case doesn't count), if that is at most two,
/// and at most a third of the word. Empty if none is near. Views one of the candidates.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

/// ", did you mean 'server'?", or empty if none is near.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace culvert
