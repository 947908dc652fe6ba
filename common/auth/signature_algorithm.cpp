#include "common/auth/signature_algorithm.hpp"

#include <algorithm>
#include <vector>

namespace culvert {
namespace {

constexpr std::string_view certificate_ending = "-cert-v01@openssh.com";

/// As it is offered for a key of this type, the best first.
std::vector<std::string> algorithms_of(const std::string& key_type) {
    if (key_type == "ssh-rsa") return {"rsa-sha2-512", "rsa-sha2-256"};
    if (key_type == "ssh-rsa-cert-v01@openssh.com") {
        return {"rsa-sha2-512-cert-v01@openssh.com", "rsa-sha2-256-cert-v01@openssh.com"};
    }
    return {key_type};
}

}  // namespace

std::string plain_algorithm(std::string_view algorithm) {
    if (!algorithm.ends_with(certificate_ending)) return std::string{algorithm};
    std::string plain{algorithm.substr(0, algorithm.size() - certificate_ending.size())};
    // Security keys' names end in their inventor's domain in both forms.
    if (plain.starts_with("sk-")) plain += "@openssh.com";
    return plain;
}

std::optional<std::string> signature_algorithm(const PublicKey& key,
                                               const NameList& server_sig_algs) {
    const auto takes = [&](const std::string& name) {
        return server_sig_algs.empty() ||
               std::ranges::find(server_sig_algs, name) != server_sig_algs.end();
    };
    for (const std::string& name : algorithms_of(key.algorithm())) {
        if (takes(name) || takes(plain_algorithm(name))) return name;
    }
    return std::nullopt;
}

}  // namespace culvert
