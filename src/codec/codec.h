/*
 * codec: bytes in, events or bytes out, no I/O of its own. The one public header of the folder.
 */
#ifndef CODEC_CODEC_H
#define CODEC_CODEC_H

#include "codec/base64.h"
#include "codec/decompress.h"
#include "codec/digest.h"
#include "codec/fernet.h"
#include "codec/gzip.h"
#include "codec/json_reader.h"
#include "codec/json_writer.h"
#include "codec/stanza.h"
#include "codec/tar.h"
#include "codec/xml.h"
#include "codec/zip.h"
#include "codec/zstd_writer.h"

#endif
