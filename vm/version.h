/* version.h - what this is called. */
#pragma once
#define CO_VERSION "0.1.0"
