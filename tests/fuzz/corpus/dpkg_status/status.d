Package: tzdata
Version: 2024a-0
Maintainer: M
 N