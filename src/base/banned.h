/*
 * Functions that this project does not use: each has a bounded, typed or thread-safe replacement in
 * base/. Naming one fails to compile.
 */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BANNED(func) sorry_##func##_is_a_banned_function

#undef sprintf
#define sprintf BANNED(sprintf)
#undef vsprintf
#define vsprintf BANNED(vsprintf)
#undef strcpy
#define strcpy BANNED(strcpy)
#undef strncpy
#define strncpy BANNED(strncpy)
#undef strcat
#define strcat BANNED(strcat)
#undef strncat
#define strncat BANNED(strncat)
#undef strtok
#define strtok BANNED(strtok)
#undef atoi
#define atoi BANNED(atoi)
#undef atol
#define atol BANNED(atol)
#undef strtol
#define strtol BANNED(strtol)
#undef strtoul
#define strtoul BANNED(strtoul)
#undef sscanf
#define sscanf BANNED(sscanf)
#undef gmtime
#define gmtime BANNED(gmtime)
#undef localtime
#define localtime BANNED(localtime)
#undef ctime
#define ctime BANNED(ctime)
#undef strerror
#define strerror BANNED(strerror)
#undef alloca
#define alloca BANNED(alloca)
#undef gets
#define gets BANNED(gets)
#undef tmpnam
#define tmpnam BANNED(tmpnam)
#undef system
#define system BANNED(system)

#endif
