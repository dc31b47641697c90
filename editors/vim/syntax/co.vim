" Vim syntax file for Co. tests/tools/editors.py checks its words against lang/tokens.def and the built-in names.
if exists("b:current_syntax")
  finish
endif

syn keyword coConstant False None True Ellipsis NotImplemented
syn keyword coStatement as assert await break class continue def del from global import lambda nonlocal pass raise return with
syn keyword coStatement yield async
syn keyword coConditional elif else if
syn keyword coRepeat for while
syn keyword coException except finally try
syn keyword coOperator and in is not or
syn match coConditional "^\s*\zs\%(match\|case\)\>\ze\s\+[^=].*:"
syn keyword coExceptionType ArithmeticError AssertionError AttributeError BaseException BaseExceptionGroup
syn keyword coExceptionType BlockingIOError BrokenPipeError BufferError BytesWarning ChildProcessError
syn keyword coExceptionType ConnectionAbortedError ConnectionError ConnectionRefusedError ConnectionResetError
syn keyword coExceptionType DeprecationWarning EOFError EncodingWarning EnvironmentError Exception ExceptionGroup
syn keyword coExceptionType FileExistsError FileNotFoundError FloatingPointError FutureWarning GeneratorExit IOError
syn keyword coExceptionType ImportError ImportWarning IndentationError IndexError InterruptedError IsADirectoryError
syn keyword coExceptionType KeyError KeyboardInterrupt LookupError MemoryError ModuleNotFoundError NameError
syn keyword coExceptionType NotADirectoryError NotImplementedError OSError OverflowError PendingDeprecationWarning
syn keyword coExceptionType PermissionError ProcessLookupError RecursionError ReferenceError ResourceWarning
syn keyword coExceptionType RuntimeError RuntimeWarning StopAsyncIteration StopIteration SyntaxError SyntaxWarning
syn keyword coExceptionType SystemError SystemExit TabError TimeoutError TypeError UnboundLocalError
syn keyword coExceptionType UnicodeDecodeError UnicodeEncodeError UnicodeError UnicodeTranslateError UnicodeWarning
syn keyword coExceptionType UserWarning ValueError Warning ZeroDivisionError
syn keyword coBuiltin abs aiter all anext any ascii bin bool bytearray bytes callable chr classmethod compile complex
syn keyword coBuiltin delattr dict dir divmod enumerate eval exec exit filter float format frozenset gather
syn keyword coBuiltin getattr globals hasattr hash help hex id input int isinstance issubclass iter len list
syn keyword coBuiltin locals map max memoryview min next object oct open ord pow print property quit range repr reversed
syn keyword coBuiltin round run set setattr sleep slice sorted spawn staticmethod str sum super timeout tuple
syn keyword coBuiltin type vars zip

syn match coFunction "\%(\<def\s\+\)\@<=\K\k*"
syn match coClass "\%(\<class\s\+\)\@<=\K\k*"
syn match coDecorator "^\s*@\K[[:keyword:].]*"
syn match coNumber "\<0[xX][0-9A-Fa-f_]\+\>\|\<0[bB][01_]\+\>\|\<0[oO][0-7_]\+\>"
syn match coNumber "\<\d[0-9_]*\%(\.[0-9_]*\)\?\%([eE][+-]\?[0-9_]\+\)\?\|\.\d[0-9_]*\%([eE][+-]\?[0-9_]\+\)\?"
syn keyword coTodo TODO FIXME XXX contained
syn match coComment "#.*$" contains=coTodo,@Spell

syn match coEscape "\\\%(x\x\{2}\|u\x\{4}\|U\x\{8}\|N{[^}]*}\|\o\{1,3}\|.\)" contained
syn match coHoleEscape "{{\|}}" contained
syn region coHole matchgroup=coHoleEdge start="{" end="}" contained contains=ALLBUT,coEscape,coTodo,coFString
syn region coString start=+\c\<\%([rub]\|br\|rb\)\?"+ skip=+\\.+ end=+"\|$+ contains=coEscape,@Spell
syn region coString start=+\c\<\%([rub]\|br\|rb\)\?'+ skip=+\\.+ end=+'\|$+ contains=coEscape,@Spell
syn region coString start=+"+ skip=+\\.+ end=+"\|$+ contains=coEscape,@Spell
syn region coString start=+'+ skip=+\\.+ end=+'\|$+ contains=coEscape,@Spell
syn region coString start=+"""+ skip=+\\.+ end=+"""+ contains=coEscape,@Spell
syn region coString start=+'''+ skip=+\\.+ end=+'''+ contains=coEscape,@Spell
syn region coFString start=+\c\<\%(f\|fr\|rf\)"+ skip=+\\.+ end=+"\|$+ contains=coEscape,coHoleEscape,coHole
syn region coFString start=+\c\<\%(f\|fr\|rf\)'+ skip=+\\.+ end=+'\|$+ contains=coEscape,coHoleEscape,coHole
syn region coFString start=+\c\<\%(f\|fr\|rf\)"""+ skip=+\\.+ end=+"""+ contains=coEscape,coHoleEscape,coHole
syn sync minlines=200

hi def link coConstant Constant
hi def link coStatement Statement
hi def link coConditional Conditional
hi def link coRepeat Repeat
hi def link coException Exception
hi def link coOperator Operator
hi def link coExceptionType Structure
hi def link coBuiltin Function
hi def link coFunction Function
hi def link coClass Type
hi def link coDecorator Define
hi def link coNumber Number
hi def link coTodo Todo
hi def link coComment Comment
hi def link coString String
hi def link coFString String
hi def link coEscape Special
hi def link coHoleEscape Special
hi def link coHoleEdge Special

let b:current_syntax = "co"
