#ifndef COPENSSL_SHIM_H
#define COPENSSL_SHIM_H

// Swift sees none of OpenSSL's names: CTrust and CDigest alone call it, and this module says where it is.

#endif
