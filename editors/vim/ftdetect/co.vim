au BufRead,BufNewFile *.co setfiletype co
