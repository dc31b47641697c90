/* openssl.h - the library behind TLS, as long as somebody needs it. */
#pragma once
typedef struct OpenSSL OpenSSL;
void openssl_drop(OpenSSL *o); // one user less; NULL: there was none
