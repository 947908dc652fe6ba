#pragma once

#include <initializer_list>
#include <string_view>

#include "common/config/yaml_reader.hpp"
#include "common/log/log_settings.hpp"

namespace culvert {

/// Reads the section `log`: level, format, file, and of the kinds those that the program has.
/// Throws Error{config}.
LogSettings read_log_section(const YamlValue& value, std::initializer_list<LogKind> kinds);

}  // namespace culvert
