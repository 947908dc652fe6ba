#include "client/tunnel_log.hpp"

#include "common/base/error.hpp"

namespace culvert {

void TunnelLog::failure(const std::exception_ptr& thrown, std::string_view then) const {
    std::string hint;
    try {
        std::rethrow_exception(thrown);
    } catch (const Error& error) {
        hint = error.hint();
    } catch (...) {
        // It has no hint.
    }
    event(LogLevel::error, {}, {}, text_of_exception(thrown).append(then), hint);
}

void TunnelLog::event(LogClass line, std::string_view event, std::vector<LogField> fields,
                      std::string text, std::string_view hint) const {
    if (!logs(line)) return;
    fields.insert(fields.begin(), LogField{"tunnel", name_});
    log_event(line, event, fields, text, hint, tag_);
}

}  // namespace culvert
