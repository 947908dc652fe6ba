#include "common/auth/signed_request.hpp"

#include "common/wire/auth_messages.hpp"

namespace culvert {
namespace {

ByteVector request(std::string_view user, std::string_view algorithm, const PublicKey& key,
                   bool has_signature) {
    ByteVector payload = encoded(msg::UserauthRequest{user, ssh_connection, "publickey"});
    encode_fields(PublicKeyMethod{has_signature, algorithm, key.blob()}, payload);
    return payload;
}

}  // namespace

ByteVector public_key_query(std::string_view user, std::string_view algorithm,
                            const PublicKey& key) {
    return request(user, algorithm, key, false);
}

ByteVector public_key_request(std::string_view user, std::string_view algorithm,
                              const PublicKey& key) {
    return request(user, algorithm, key, true);
}

ByteVector signed_data(Bytes session_id, Bytes request_payload) {
    ByteVector data;
    Writer out{data};
    out.string(session_id);
    out.raw(request_payload);
    return data;
}

}  // namespace culvert
